import type { Counters } from '../../base/counters.js'
import type { EngineName } from './child-message.js'
import type { Gap } from './gaps.js'

/** What a live source captures, and whom it tells. */
export interface LiveOptions {
  readonly interface: string
  /** Ports the in-kernel filter lets through; none, all frames pass. */
  readonly ports: readonly number[]
  /** Whether the in-kernel filter passes tunnels: true unless said otherwise, since hellos may be inside. */
  readonly tunnels?: boolean
  /** UDP ports of tunnels besides the usual ones. */
  readonly tunnelPorts?: readonly number[]
  /** Whether it passes all that servers send, which their certificates are in: false unless said otherwise. */
  readonly server?: boolean
  /** Ports of plain HTTP whose requests it passes; none unless said otherwise. */
  readonly httpPorts?: readonly number[]
  /** Bytes of payload the kernel passes of each TCP flow and direction, where it can limit them; all unless said otherwise. */
  readonly flowLimit?: number
  /**
   * What a segment worth capturing may begin with, as bytes, where its flow was not seen to start: the kernel leaves the
   * others out where it limits flows. All are captured unless said otherwise.
   */
  readonly starts?: readonly number[]
  readonly counters: Counters
  /** Takes one line about an event an operator wants to know of. */
  readonly log: (line: string) => void
  /** Told when a gap is over. */
  readonly onGap?: (gap: Gap) => void
  /** What captures: unless said, the native engine where it is there, else npm cap. */
  readonly engine?: EngineName | undefined
  /** Bytes of every frame kept. */
  readonly snaplen?: number | undefined
  /** Bytes of the kernel's ring and of the child's queue. */
  readonly ringBytes?: number | undefined
  readonly queueBytes?: number
  /** Milliseconds the kernel may hold a frame back to hand over several at once. */
  readonly timeoutMillis?: number | undefined
  /** Whether the kernel tells of each frame at once instead, each in a slot of the greatest size. */
  readonly immediate?: boolean
  /** Number of the group of captures among which the kernel deals out flows. */
  readonly fanoutGroup?: number | undefined
  /** Folder of the launcher that starts the native engine's children, where we have not the privilege. */
  readonly launcher?: string | undefined
  /** Milliseconds between the child's signs of life. */
  readonly heartbeatMillis?: number
}
