import { createRequire } from 'node:module'

/** What a native capture is opened with: `CaptureOptions` of src/native/capture.h, with the memory by its descriptor. */
export interface NativeOptions {
  readonly interface: string
  readonly filter: string
  readonly snaplen: number
  readonly ringBytes: number
  readonly timeoutMillis: number
  readonly immediate: boolean
  readonly fanoutGroup: number
  readonly memoryFd: number
  readonly memoryBytes: number
  readonly peerFd: number
}

/** Frames since a capture's start, as `CaptureCounts` there. */
export interface NativeCounts {
  readonly taken: number
  readonly kernelDropped: number
  readonly interfaceDropped: number
  readonly left: number
}

/** One interface being captured by a thread of its own. */
export interface NativeCapture {
  /** DLT_ value of the frames. */
  readonly datalink: number
  counts(): NativeCounts
  /** Replaces the filter while frames come. @throws Error with libpcap's words; the filter before it stays */
  setFilter(expression: string): void
  /** The filter as the kernel has it: a classic program, 8 bytes an instruction. @throws Error */
  classicFilter(): Uint8Array
  /**
   * Puts an eBPF program in its place until the next filter, with a table of so many flows; see src/native/ebpf.h.
   * @throws Error with the kernel's reason; the filter stays
   */
  attachProgram(program: Uint8Array, entries: number): void
  /** Lets no new frame in; tells "stopped" when those before are handed over, or `millis` have passed. */
  stop(millis: number): void
  /** What ended it, after "failed". */
  failure(): string
}

/** Memory that a child process may share. */
export interface SharedMemory {
  readonly fd: number
  readonly buffer: ArrayBuffer
}

/** Whether the kernel merges and cuts an interface's frames; what its driver does not say is absent. */
export interface NativeOffloads {
  readonly gro?: boolean
  readonly lro?: boolean
  readonly tso?: boolean
  readonly gso?: boolean
}

/** The built engine, src/native. */
export interface NativeAddon {
  /** Version of libpcap. @throws Error where it is not installed */
  libpcap(): string
  /** @throws Error */
  createMemory(bytes: number): SharedMemory
  /** Descriptors of two connected sockets. @throws Error */
  createSocketPair(): [number, number]
  /** @throws Error with the kernel's reason */
  offloads(name: string): NativeOffloads
  /** Microseconds by which the clock may be off; 16 million where nothing sets it. @throws Error with the kernel's reason */
  clockError(): number
  /** Sends a datagram to the Unix socket at `path`; "@" begins an abstract name. @throws Error with the kernel's reason */
  notify(path: string, text: string): void
  /**
   * Leaves the main thread CAP_NET_RAW alone, and CAP_BPF where it has it, for good; a process started from it has that too
   * if `lend`, and can gain no other privilege. @throws Error
   */
  lendCapture(lend: boolean): void
  /** Takes every capability from all threads of the process, for good. @throws Error */
  dropCapabilities(): void
  /** Descriptor of a socket connected to the Unix socket at `path`. @throws Error */
  connectTo(path: string): number
  /** @throws Error with libpcap's words */
  openCapture(
    options: NativeOptions,
    onEvent: (event: 'down' | 'failed' | 'stopped') => void,
  ): NativeCapture
}

const FILE = `#package/prebuilds/${process.platform}-${process.arch}/hellotap.node`

/**
 * The native addon without its capture engine, which alone needs libpcap.
 * @throws Error if it is not built for this platform
 */
export function loadHostAddon(): Pick<NativeAddon, 'notify'> {
  return createRequire(import.meta.url)(FILE) as NativeAddon
}

/**
 * The native engine, which tools/build-native.mjs builds and the package carries.
 * @throws Error saying why it cannot be used: not built for this platform, or no libpcap
 */
export function loadNativeAddon(): NativeAddon {
  const addon = createRequire(import.meta.url)(FILE) as NativeAddon
  addon.libpcap()
  return addon
}
