import type { CaptureError } from './capture-error.js'

/** What the capture child is started with: its one argument, as JSON. */
export interface ChildOptions {
  readonly interface: string
  /** libpcap filter expression; "" passes all. */
  readonly filter: string
  /** Octets of the kernel's ring, and of the child's own queue. */
  readonly ringOctets: number
  readonly queueOctets: number
  readonly heartbeatMillis: number
}

/** What the capture child says over its IPC channel; frames go over stdout, as a pcap file. */
export type ChildMessage =
  | { readonly kind: 'open'; readonly linkType: number }
  | { readonly kind: 'failed'; readonly code?: CaptureError['code']; readonly message: string }
  /** Sign of life, with the frames dropped since its start. */
  | { readonly kind: 'alive'; readonly dropped: number }
