import { describe, expect, it } from 'vitest'
import {
  formatClock,
  formatCount,
  formatPercent,
  formatRate,
  formatRelative,
  formatSeconds,
  formatShort,
  plural,
} from './format'

describe('numbers', () => {
  it('are short where room is', () => {
    expect([0, 999, 1000, 12_449, 99_960, 999_499, 999_500, 3_140_000].map(formatShort)).toEqual([
      '0',
      '999',
      '1k',
      '12.4k',
      '100k',
      '999k',
      '1M',
      '3.1M',
    ])
  })

  it('have thin spaces between thousands', () => {
    expect(formatCount(1_234_567)).toBe('1\u202f234\u202f567')
    expect(plural(1, 'error')).toBe('1 error')
    expect(plural(2000, 'error')).toBe('2\u202f000 errors')
  })

  it('are rates', () => {
    expect([0, 0.25, 9.9, 10, 1500].map(formatRate)).toEqual(['0/s', '0.3/s', '9.9/s', '10/s', '1.5k/s'])
  })

  it('are 100 % only when all is done', () => {
    expect(formatPercent(999, 1000)).toBe('99 %')
    expect(formatPercent(1000, 1000)).toBe('100 %')
    expect(formatPercent(5, 0)).toBe('')
  })
})

describe('times', () => {
  it('are long in two units at most', () => {
    expect(
      [0, 0.00032, 0.18, 0.9999, 4.24, 59.4, 59.6, 185, 3599.7, 7800, 356_400].map(formatSeconds),
    ).toEqual([
      '0 ms',
      '0.3 ms',
      '180 ms',
      '1.0 s',
      '4.2 s',
      '59 s',
      '1 min 00 s',
      '3 min 05 s',
      '1 h 00 min',
      '2 h 10 min',
      '4 d 3 h',
    ])
  })

  it('are told from now', () => {
    const now = Date.parse('2026-03-01T12:00:00Z')
    expect(formatRelative('2026-03-01T11:57:00Z', now)).toBe('3 min ago')
    expect(formatRelative('2026-03-01T14:00:00Z', now)).toBe('in 2 h')
    expect(formatRelative('2026-03-01T12:00:01Z', now)).toBe('now')
    expect(formatRelative('2026-02-20T12:00:00Z', now)).toBe('9 d ago')
  })

  it('are on a clock where they stand on an axis', () => {
    expect([0, 30, 725, 3600, 36_061].map(seconds => formatClock(seconds))).toEqual([
      '0:00',
      '0:30',
      '12:05',
      '1:00:00',
      '10:01:01',
    ])
    expect([formatClock(0.25, 0.05), formatClock(1.5, 0.5), formatClock(0.004, 0.002)]).toEqual([
      '0.25',
      '1.5',
      '0.004',
    ])
  })
})
