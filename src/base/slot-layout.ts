// How a pool of slots lies in memory. Plain numbers, since loops in WebAssembly read this file too. In this order, in words:
// how many slots are in use (and one word unused), CLASS_WORDS of each class, SLOT_WORDS of each slot, the stacks of free
// slots, one class after the other, and where each slot's bytes are. Behind them may be the bytes of the first class.

/** Words of a slot's state, in `words` at `slot * SLOT_WORDS`. */
export const SLOT_WORDS = 16
/** The holder of the slot: an entry of the holder's flow table. */
export const OWNER = 0
/** Sequence number of offset 0. */
export const BASE = 1
/** Offset where reading starts, or -1 while that is not known. */
export const ANCHOR = 2
/** Offset up to which all bytes since the anchor are present, or -1. */
export const SOLID = 3
/** 1 where bytes are marked in the slot's bitmap. */
export const MARKED = 4
/** Neighbours in the list of the class's slots in use, or -1. */
export const OLDER = 5
export const YOUNGER = 6
/** First word of eight that the holder may use as it likes; zero in a fresh slot. */
export const FREE_WORDS = 8

export const USED_WORDS = 2
export const CLASS_WORDS = 8
/** Bytes of one of its slots, the number of the first, and how many are free; then how many there are. */
export const CLASS_SIZE = 0
export const CLASS_FIRST = 1
export const CLASS_FREE = 2
/** Ends of the list of its slots in use, or -1. */
export const CLASS_OLDEST = 3
export const CLASS_YOUNGEST = 4
export const CLASS_COUNT = 5
