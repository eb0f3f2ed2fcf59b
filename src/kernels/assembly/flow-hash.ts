// FlowTable.hash, for loops that tell flows apart themselves.

/** Two addresses' first words, folded with the key's first two. */
export function hashAddresses(src: i32, dst: i32, k0: i32, k1: i32): i32 {
  return fold(src ^ k0, 0x7feb352d) + fold(dst ^ k1, 0x5bd1e995)
}

/** A further word of each address. */
export function hashFurther(hash: i32, src: i32, dst: i32, k0: i32, k1: i32): i32 {
  return mix(mix(hash ^ src, k0) ^ dst, k1)
}

/** The ports, source above destination, and with them the hash: never 0. */
export function hashPorts(hash: i32, ports: i32, k2: i32): i32 {
  const h = mix(hash + fold(ports ^ k2, 0x2c1b3c6d), k2)
  return h == 0 ? 1 : h
}

function fold(word: i32, factor: i32): i32 {
  const h = word * factor
  return h ^ (h >>> 15)
}

function mix(word: i32, key: i32): i32 {
  let h = word ^ key
  h = (h ^ (h >>> 16)) * 0x7feb352d
  h = (h ^ (h >>> 15)) * 0x846ca68b
  return h ^ (h >>> 16)
}
