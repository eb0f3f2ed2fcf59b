// What a User-Agent claims to be, as the rules need it. Parsing is user-agent.ts's business.

/** The stack a browser's claim stands for: whose TLS library and whose settings. */
export type Engine = 'chromium' | 'firefox' | 'safari'

export type ClaimedOs = 'windows' | 'linux' | 'android' | 'macos' | 'ios'

/** A claim. What is absent the User-Agent does not say, or nothing is known of it. */
export interface Claim {
  /** Name as the User-Agent has it: `Chrome`, `curl`. */
  readonly name: string
  readonly engine?: Engine
  /** Major version of the engine: of Opera 117 the Chrome version 132. */
  readonly version?: number
  /** A program's product token (RFC 9110 §5.6.2), lower case, where it is no browser. */
  readonly product?: string
  readonly os?: ClaimedOs
}
