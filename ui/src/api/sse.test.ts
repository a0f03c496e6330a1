import { describe, expect, it } from 'vitest'
import { SseParser } from './sse'

const STREAM = 'retry: 250\n\nid: 7\nevent: progress\ndata: {"a":\ndata: 1}\n\n: keep\n\nid: 8\ndata:x\n\n'

describe('SseParser', () => {
  it('gives events with their ids, and joins lines of data', () => {
    const parser = new SseParser()
    expect(parser.feed(STREAM)).toEqual([
      { id: '7', event: 'progress', data: '{"a":\n1}' },
      { id: '8', event: 'message', data: 'x' },
    ])
    expect(parser.retryMs).toBe(250)
    expect(parser.lastId).toBe('8')
  })

  it('gives the same however the stream is cut and lines end', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = STREAM.replaceAll('\n', end)
      for (let size = 1; size < 9; size++) {
        const parser = new SseParser()
        const found = []
        for (let at = 0; at < text.length; at += size) found.push(...parser.feed(text.slice(at, at + size)))
        // A last CR alone is not yet known to end a line.
        found.push(...parser.feed(':\n'))
        expect(found.map(event => event.id)).toEqual(['7', '8'])
      }
    }
  })

  it('keeps an event that is not complete', () => {
    const parser = new SseParser()
    expect(parser.feed('id: 9\ndata: half')).toEqual([])
    expect(parser.feed(' done\n')).toEqual([])
    expect(parser.lastId).toBe('')
    expect(parser.feed('\n')).toEqual([{ id: '9', event: 'message', data: 'half done' }])
    expect(parser.lastId).toBe('9')
  })

  it('sends nothing for a comment or an event without data', () => {
    expect(new SseParser().feed(': keep\n\nevent: x\n\n')).toEqual([])
  })
})
