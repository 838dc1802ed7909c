/** Indices of the k largest values, best first; ties go to the lower index. NaN never enters.
 * @param values [n]    @param out [>= k], written    @param scratch [>= k] the values kept, written
 * @returns how many were written, min(k, values that are not NaN). Cost O(n + kept log k) typical, O(n log k) worst. */
export function topK(
  values: ArrayLike<number>,
  count: number,
  k: number,
  out: Int32Array,
  scratch: Float64Array,
): number {
  let size = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (size < k) {
      if (!Number.isNaN(value)) siftUp(out, scratch, size++, i, value);
    } else if (k > 0 && value > scratch[0]) {
      siftDown(out, scratch, size, i, value);
    }
  }
  for (let end = size - 1; end > 0; end--) {
    const index = out[0];
    const value = scratch[0];
    siftDown(out, scratch, end, out[end], scratch[end]);
    out[end] = index;
    scratch[end] = value;
  }
  return size;
}

/** Whether (value, index) a ranks behind b. */
function isWorse(valueA: number, indexA: number, valueB: number, indexB: number): boolean {
  return valueA < valueB || (valueA === valueB && indexA > indexB);
}

/** Appends to the heap, whose root is the worst kept. */
function siftUp(out: Int32Array, kept: Float64Array, at: number, index: number, value: number): void {
  let child = at;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!isWorse(value, index, kept[parent], out[parent])) break;
    out[child] = out[parent];
    kept[child] = kept[parent];
    child = parent;
  }
  out[child] = index;
  kept[child] = value;
}

/** Replaces the root of a heap of `size` entries. */
function siftDown(out: Int32Array, kept: Float64Array, size: number, index: number, value: number): void {
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= size) break;
    if (child + 1 < size && isWorse(kept[child + 1], out[child + 1], kept[child], out[child])) child++;
    if (!isWorse(kept[child], out[child], value, index)) break;
    out[parent] = out[child];
    kept[parent] = kept[child];
    parent = child;
  }
  out[parent] = index;
  kept[parent] = value;
}
