#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: the product's own role, which is no superuser, and its database.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password DESK_DB_PASSWORD
CREATE ROLE desk LOGIN PASSWORD :'password';
CREATE DATABASE desk OWNER desk;
SQL
