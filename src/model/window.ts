// Windows of time that clients are counted in.

export const WINDOWS = ['1h', '24h', '7d', 'all'] as const
export type Window = (typeof WINDOWS)[number]

/** Seconds of each window, in the order of WINDOWS; `all` is as far back as a store remembers. */
export const WINDOW_SECONDS: readonly number[] = [3_600, 86_400, 7 * 86_400, Infinity]
