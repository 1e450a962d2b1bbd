// Reading one event stream with fetch: unlike EventSource it shows why a connection was refused and can be given up.

export class Refused extends Error {}

// Ask for a ticket, open the stream, and pass every event on until it ends. Throws Refused if nobody here may watch.
export async function readStream({ centre, from, signal, pass }) {
  const timeout = AbortSignal.timeout(8000);
  const query = new URLSearchParams({ centre });
  for (const audience of Object.keys(from)) query.append("audience", audience);
  const answer = await fetch(`/live/ticket?${query}`, {
    credentials: "same-origin",
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.any ? AbortSignal.any([signal, timeout]) : signal,
  });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) throw new Refused();
  if (!answer.ok) throw new Error("no ticket");
  const { ticket } = await answer.json();
  const after = JSON.stringify(from);
  const response = await fetch(`/live/stream?${new URLSearchParams({ ticket, after })}`, { cache: "no-store", signal });
  if (!response.ok || !response.body) throw new Error("no stream");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) pass(event.name, event.data);
    }
  }
}

// The hub writes each event as `event:`, perhaps `id:`, and one `data:` line of JSON.
function parse(block) {
  let name = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  try {
    return data ? { name, data: JSON.parse(data) } : null;
  } catch {
    return null;
  }
}
