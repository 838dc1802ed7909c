/** Writes small ONNX graphs as bytes, so that the helper graphs follow the model's sizes and no second file has to
 * be shipped and trusted. Source: the ONNX intermediate representation, onnx.proto (field numbers below). */

export type ElementType = 'float32' | 'uint8' | 'int8' | 'int64' | 'bool';
/** A number is a fixed size, a string a named free one. */
export type Dims = readonly (number | string)[];

export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: Dims;
}

/** Numbers as `{ float }` become FLOAT, whole numbers INT. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Int8Array;
}

export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
}

const OPSET = 17n;
const IR_VERSION = 8n;
const ELEMENT: Record<ElementType, bigint> = { float32: 1n, uint8: 2n, int8: 3n, int64: 7n, bool: 9n };

/** The number ONNX gives an element type, as Cast's attribute `to`. */
export const elementCode = (type: ElementType): number => Number(ELEMENT[type]);

/** One scalar or a list of whole numbers as a constant. */
export const int64 = (name: string, values: readonly number[]): Constant => ({
  name,
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

export const float32 = (name: string, values: readonly number[], dims: readonly number[]): Constant => ({
  name,
  dims,
  data: Float32Array.from(values),
});

/** A graph as the bytes of a ModelProto. */
export function encodeModel(graph: Graph): Uint8Array {
  const body = [
    ...graph.nodes.map((n) => bytes(1, encodeNode(n))),
    text(2, 'graph'),
    ...graph.constants.map((c) => bytes(5, encodeTensor(c))),
    ...graph.inputs.map((p) => bytes(11, encodePort(p))),
    ...graph.outputs.map((p) => bytes(12, encodePort(p))),
  ];
  return Buffer.concat([
    integer(1, IR_VERSION),
    text(2, 'posestream'),
    bytes(7, Buffer.concat(body)),
    bytes(8, integer(2, OPSET)),
  ]);
}

function encodeNode(node: Node): Uint8Array {
  return Buffer.concat([
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
  ]);
}

function encodeAttribute(name: string, value: Attribute): Uint8Array {
  const head = text(1, name);
  if (typeof value === 'number') return Buffer.concat([head, integer(3, BigInt(value)), integer(20, 2n)]);
  if (typeof value === 'string') return Buffer.concat([head, text(4, value), integer(20, 3n)]);
  if ('float' in value) return Buffer.concat([head, float(2, value.float), integer(20, 1n)]);
  return Buffer.concat([head, ...value.map((v) => integer(8, BigInt(v))), integer(20, 7n)]);
}

function encodeTensor({ name, dims, data }: Constant): Uint8Array {
  const type: ElementType =
    data instanceof Float32Array ? 'float32' : data instanceof Int8Array ? 'int8' : 'int64';
  return Buffer.concat([
    ...dims.map((d) => integer(1, BigInt(d))),
    integer(2, ELEMENT[type]),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

function encodePort({ name, type, dims }: Port): Uint8Array {
  const sizes = dims.map((d) => bytes(1, typeof d === 'number' ? integer(1, BigInt(d)) : text(2, d)));
  const tensor = Buffer.concat([integer(1, ELEMENT[type]), bytes(2, Buffer.concat(sizes))]);
  return Buffer.concat([text(1, name), bytes(2, bytes(1, tensor))]);
}

// Protocol buffers: a key (field number << 3 | wire type), then the value.

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return Buffer.from(out);
}

const integer = (field: number, value: bigint): Buffer =>
  Buffer.concat([varint(BigInt(field << 3)), varint(value)]);

const bytes = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(value.length)), value]);

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

function float(field: number, value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return Buffer.concat([varint(BigInt((field << 3) | 5)), out]);
}
