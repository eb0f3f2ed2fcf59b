// FlowTable.hash, for loops that tell flows apart themselves.
//
// A chain of multiplications to 64 bits, each folded to 32. Both factors hold a word of the flow and one of the key, a secret
// of the process: what a change of the flow does to the hash depends on the key, so no two flows can be chosen that have one
// bucket, nor a change that leaves it as it is. A sum of words that are multiplied by constants does not have that.

const LAST_FACTOR = 0x9e3779b1

/** Two addresses' first words. */
export function hashAddresses(src: i32, dst: i32, k0: i32, k1: i32): i32 {
  return multiply(src + k0, dst ^ k1)
}

/** A further word of each address. */
export function hashFurther(hash: i32, src: i32, dst: i32, k0: i32, k1: i32): i32 {
  return multiply((hash ^ src) + k0, (dst + hash) ^ k1)
}

/** The ports, source above destination, and with them the hash: never 0. */
export function hashPorts(hash: i32, ports: i32, k1: i32, k2: i32): i32 {
  const h = multiply((hash ^ ports) + k2, k1 ^ LAST_FACTOR) ^ k2
  return h == 0 ? 1 : h
}

function multiply(x: i32, y: i32): i32 {
  const product = (x as u32 as u64) * (y as u32 as u64)
  return (product as i32) ^ ((product >> 32) as i32)
}
