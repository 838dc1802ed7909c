/** Takes one output of an ONNX graph away with every node that only it needs, in the file's bytes: onnxruntime
 * computes whatever stands in the graph, asked for or not (no option of its Node interface changes that).
 * Source: the ONNX intermediate representation, onnx.proto (field numbers below). */

/** A field of a protocol buffer message, as it stands in the bytes. */
interface Field {
  readonly number: number;
  /** Key, length and value. */
  readonly whole: Uint8Array;
  /** Empty for numbers. */
  readonly value: Uint8Array;
}

const MODEL_GRAPH = 7;
const GRAPH = { node: 1, output: 12 } as const;
const NODE = { input: 1, output: 2, attribute: 5 } as const;
/** Of an attribute: a graph, graphs. */
const SUBGRAPHS = [6, 11];

/** The model without that output; the bytes as they are where it has no such output or holds graphs within nodes, whose
 * use of outer tensors would have to be followed. @param model  an ONNX file that onnxruntime has accepted */
export function dropOutput(model: Uint8Array, name: string): Uint8Array {
  return rewritten(model, MODEL_GRAPH, (graph) => withoutOutput(graph, name)) ?? model;
}

function withoutOutput(graph: Uint8Array, name: string): Uint8Array | null {
  const fields = [...fieldsOf(graph)];
  const nodes = fields.filter(({ number }) => number === GRAPH.node);
  const outputs = fields.filter(({ number }) => number === GRAPH.output);
  const kept = outputs.filter(({ value }) => textOf(value, 1) !== name);
  if (kept.length === outputs.length || nodes.some(hasSubgraph)) return null;
  const needed = neededNodes(
    nodes,
    kept.map(({ value }) => textOf(value, 1)),
  );
  const stays = (field: Field): boolean =>
    field.number === GRAPH.node ? needed.has(field) : field.number !== GRAPH.output || kept.includes(field);
  return Buffer.concat(fields.filter(stays).map(({ whole }) => whole));
}

/** Nodes stand in the order they run, so one pass from the end finds all. */
function neededNodes(nodes: readonly Field[], outputs: readonly string[]): ReadonlySet<Field> {
  const wanted = new Set(outputs);
  const needed = new Set<Field>();
  for (const node of [...nodes].reverse()) {
    const parts = [...fieldsOf(node.value)];
    const names = (number: number): string[] =>
      parts.filter((part) => part.number === number).map((part) => utf8(part.value));
    if (!names(NODE.output).some((output) => wanted.has(output))) continue;
    needed.add(node);
    for (const input of names(NODE.input)) wanted.add(input);
  }
  return needed;
}

function hasSubgraph(node: Field): boolean {
  const attributes = [...fieldsOf(node.value)].filter(({ number }) => number === NODE.attribute);
  return attributes.some(({ value }) =>
    [...fieldsOf(value)].some(({ number }) => SUBGRAPHS.includes(number)),
  );
}

/** The message with one field's value changed; null where the change says so or there is no such field. */
function rewritten(
  message: Uint8Array,
  number: number,
  change: (value: Uint8Array) => Uint8Array | null,
): Uint8Array | null {
  const fields = [...fieldsOf(message)];
  const field = fields.find((candidate) => candidate.number === number);
  const value = field ? change(field.value) : null;
  if (value === null) return null;
  const key = Buffer.from([(number << 3) | 2]);
  const renewed = Buffer.concat([key, varint(value.length), value]);
  return Buffer.concat(fields.map((candidate) => (candidate === field ? renewed : candidate.whole)));
}

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function textOf(message: Uint8Array, number: number): string {
  for (const field of fieldsOf(message)) if (field.number === number) return utf8(field.value);
  return '';
}

// Protocol buffers: a key (field number << 3 | wire type), then the value. Lengths here stay below 2^31.

function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const start = at;
    const key = readVarint();
    let from = at;
    const wireType = key % 8;
    if (wireType === 0) readVarint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = readVarint();
      from = at;
      at += length;
    }
    const value = wireType === 2 ? message.subarray(from, at) : message.subarray(at, at);
    yield { number: Math.floor(key / 8), whole: message.subarray(start, at), value };
  }
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
  return Uint8Array.from(out);
}
