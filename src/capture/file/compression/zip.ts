import { Unzip, UnzipInflate } from 'fflate'

/** Bytes given to the decoder at once: 16 KiB become 17 MB of zeros at most. */
const STEP_LEN = 16_384

/** Compression methods (APPNOTE 6.3.10 §4.4.5). */
const STORED = 0
const DEFLATED = 8

/** One file of a zip archive. */
export interface ZipMember {
  readonly name: string
  /** Its bytes; to be read to the end, or given up, before the next member is asked for. */
  readonly bytes: AsyncGenerator<Uint8Array>
}

type Event =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }

/** The files of a zip archive (APPNOTE 6.3.10), in its order. @throws Error where they are damaged, cut or encrypted */
export async function* zipMembers(input: AsyncIterable<Uint8Array>): AsyncGenerator<ZipMember> {
  const events = eventsOf(input)
  let step = await events.next()
  while (step.done !== true) {
    const event = step.value
    if (event.kind !== 'member') {
      step = await events.next()
      continue
    }
    yield { name: event.name, bytes: bytesOf(events) }
    // what the reader left of this member is passed over
    do step = await events.next()
    while (step.done !== true && step.value.kind !== 'member')
  }
}

async function* bytesOf(events: AsyncGenerator<Event>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const step = await events.next()
    if (step.done === true || step.value.kind !== 'bytes') return
    yield step.value.bytes
  }
}

async function* eventsOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  let events: Event[] = []
  // set by callbacks, which the compiler does not follow
  const state: { failure?: Error; isOpen: boolean } = { isOpen: false }
  const archive = new Unzip((file) => {
    events.push({ kind: 'member', name: file.name })
    state.isOpen = true
    file.ondata = (error, bytes, final) => {
      // the type does not tell that there is none
      if ((error as Error | null) !== null) state.failure = error as Error
      else if (bytes.length > 0) events.push({ kind: 'bytes', bytes })
      if (final) {
        state.isOpen = false
        events.push({ kind: 'end' })
      }
    }
    const isRead = file.compression === STORED || file.compression === DEFLATED
    if (isRead) file.start()
    else state.failure = new Error(`compression method ${file.compression} is not supported`)
  })
  archive.register(UnzipInflate)
  for await (const chunk of input)
    for (let at = 0; at < chunk.length; at += STEP_LEN) {
      archive.push(chunk.slice(at, at + STEP_LEN))
      const ready = events
      events = []
      yield* ready
      if (state.failure !== undefined) throw state.failure
    }
  if (state.isOpen) throw new Error('unexpected end of file')
}
