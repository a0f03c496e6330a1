/** Reads the text/event-stream format, as the HTML standard has it. */

export interface SseEvent {
  id: string
  event: string
  data: string
}

export class SseParser {
  /** the id to begin again with: of the last event that came whole */
  lastId: string
  /** how long the server wants one to wait before that */
  retryMs: number | null = null
  private rest = ''
  private id: string
  private event = ''
  private data: string[] = []

  constructor(lastId = '') {
    this.lastId = lastId
    this.id = lastId
  }

  /** Takes the next piece of the stream, cut anywhere; gives the events that it completes. */
  feed(piece: string): SseEvent[] {
    const found: SseEvent[] = []
    const text = this.rest + piece
    // A CR at the very end may be the first half of CRLF, so it waits for what follows.
    const usable = text.endsWith('\r') ? text.slice(0, -1) : text
    const lines = usable.split(/\r\n|\r|\n/)
    this.rest = (lines.pop() ?? '') + text.slice(usable.length)
    for (const line of lines) {
      if (line === '') this.dispatch(found)
      else this.field(line)
    }
    return found
  }

  private dispatch(found: SseEvent[]) {
    this.lastId = this.id
    if (this.data.length > 0) {
      found.push({ id: this.lastId, event: this.event || 'message', data: this.data.join('\n') })
    }
    this.event = ''
    this.data = []
  }

  private field(line: string) {
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    const raw = colon < 0 ? '' : line.slice(colon + 1)
    const value = raw.startsWith(' ') ? raw.slice(1) : raw
    if (name === 'event') this.event = value
    else if (name === 'data') this.data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.id = value
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
  }
}
