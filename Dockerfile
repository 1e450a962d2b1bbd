# One image for web, live, worker, beat, sweeper and migrate; docker-compose.yml says which command each one runs.
FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements/ requirements/
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements/base.txt
COPY package.json package-lock.json .npmrc ./
COPY launch/ launch/
RUN python -m launch vendor && rm -rf node_modules var
COPY . .
RUN STATIC_ROOT=/app/staticfiles /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q /app && rm -rf var

FROM python:3.13-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin desk && install -d -o desk /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER desk
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", "--blocking-threads", "4", "config.wsgi:application"]
