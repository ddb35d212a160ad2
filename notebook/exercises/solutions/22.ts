const MOST = 4 * 2 ** 20; // bytes that may wait for somebody who does not read

interface Person {
  conn: Deno.TcpConn;
  queue: Uint8Array[];
  bytes: number;
  sending: boolean;
}

const people = new Set<Person>();

function disconnect(person: Person): void {
  if (people.delete(person)) person.conn.close();
}

async function sendQueued(person: Person): Promise<void> {
  if (person.sending) return;
  person.sending = true;
  for (let next; (next = person.queue.shift());) {
    let rest = next;
    while (rest.length > 0) {
      rest = rest.subarray(await person.conn.write(rest));
    }
    person.bytes -= next.length;
  }
  person.sending = false;
}

function send(person: Person, bytes: Uint8Array): void {
  if (person.bytes > MOST) return disconnect(person); // they cannot keep up
  person.queue.push(bytes);
  person.bytes += bytes.length;
  sendQueued(person).catch(() => disconnect(person));
}

async function handle(person: Person): Promise<void> {
  send(person, new TextEncoder().encode("Welcome.\n"));
  const buffer = new Uint8Array(16_384);
  let waiting = new Uint8Array();
  for (let n; (n = await person.conn.read(buffer)) !== null;) {
    const all = Uint8Array.of(...waiting, ...buffer.subarray(0, n));
    const end = all.lastIndexOf(10) + 1; // whole lines only
    waiting = all.slice(end);
    if (end === 0) continue;
    for (const other of people) {
      if (other !== person) send(other, all.subarray(0, end));
    }
  }
}

const port = Number(Deno.args[0]);
for await (const conn of Deno.listen({ hostname: "127.0.0.1", port })) {
  const person = { conn, queue: [], bytes: 0, sending: false };
  people.add(person);
  handle(person).catch(() => {}).finally(() => disconnect(person));
}
