import type { CloseLook } from '../filter/beginnings.js'
import type { CaptureError } from '../capture-error.js'

/** What captures: our own engine over libpcap, or npm cap. */
export type EngineName = 'native' | 'cap'

/** Environment variable that holds a capture child's options, as JSON. */
export const CHILD_OPTIONS = 'HELLOTAP_CAPTURE'

/** What the capture child is started with. What only the native engine can do, cap ignores. */
export interface ChildOptions {
  readonly interface: string
  /** libpcap filter expression; "" passes all. */
  readonly filter: string
  /** Bytes of each TCP flow and direction the kernel is to pass, 0 for all. */
  readonly flowLimit: number
  /** Bytes that the payload of a flow not seen to start may begin with, for the kernel to pass it; any unless given. */
  readonly starts?: readonly number[] | undefined
  /** For captures of every port: more than that byte must be like a hello's. */
  readonly closeLook?: CloseLook | undefined
  /** Bytes of every frame kept. */
  readonly snaplen: number
  /** Bytes of the kernel's ring, and of the frames that may wait for the parent. */
  readonly ringBytes: number
  readonly queueBytes: number
  /** Milliseconds the kernel may hold a frame back to hand over several at once. */
  readonly timeoutMillis: number
  /** Whether the kernel tells of each frame at once instead. */
  readonly immediate: boolean
  /** Number of the group of captures among which the kernel deals out flows, or -1. */
  readonly fanoutGroup: number
  readonly heartbeatMillis: number
}

/** Frames lost since the child's start. What an engine cannot know is absent. */
export interface Losses {
  /** Because the parent did not read. */
  readonly child: number
  /** By the kernel, because its ring was full. */
  readonly kernel?: number
  /** Before the kernel's filter, by the interface or its driver. */
  readonly interface?: number
}

/** What the capture child says over its IPC channel; frames go over stdout. */
export type ChildMessage =
  /** It captures; `unlimited` is why flows are not limited in the kernel, where they were to be. */
  | { readonly kind: 'open'; readonly linkType: number; readonly unlimited?: string }
  | { readonly kind: 'failed'; readonly code?: CaptureError['code']; readonly message: string }
  /** Sign of life. */
  | { readonly kind: 'alive'; readonly losses: Losses }
  /** The interface went down, and is up again: the child captured on. */
  | { readonly kind: 'down' }
  | { readonly kind: 'up' }

/** What the parent says to it. */
export interface ChildCommand {
  readonly kind: 'filter'
  readonly expression: string
}
