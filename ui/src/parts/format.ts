/** Numbers and times as people read them. Pure; what is now is passed in. */

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const formatCount = (count: number) => NUMBER.format(count).replaceAll(',', '\u202f')

/** 950, 12.4k, 3.1M: at most four characters of digits. */
export function formatShort(count: number): string {
  if (count < 1000) return String(Math.round(count))
  const [scaled, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M']
  return `${scaled < 99.95 ? Math.round(scaled * 10) / 10 : Math.round(scaled)}${unit}`
}

export function formatRate(rate: number): string {
  if (rate === 0) return '0/s'
  return rate < 9.95 ? `${rate.toFixed(1)}/s` : `${formatShort(rate)}/s`
}

/** 0.3 ms, 180 ms, 4.2 s, 3 min 05 s, 2 h 10 min, 4 d 3 h. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.00005) return '0 ms'
  if (seconds < 0.00995) return `${(seconds * 1000).toFixed(1)} ms`
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.round(whole / 3600)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** 0:30, 12:05, 1:00:00; below a second 0.250. */
export function formatClock(seconds: number, step = 1): string {
  if (step < 1) return seconds.toFixed(step < 0.01 ? 3 : step < 0.1 ? 2 : 1)
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (whole < 3600) return `${minutes}:${pad(whole % 60)}`
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`
}

/** One unit alone, for `3 min ago` and `in 2 h`. */
export function formatSpan(seconds: number): string {
  const whole = Math.abs(seconds)
  if (whole < 59.5) return `${Math.round(whole)} s`
  if (whole < 3570) return `${Math.round(whole / 60)} min`
  if (whole < 35.5 * 3600) return `${Math.round(whole / 3600)} h`
  return `${Math.round(whole / 86_400)} d`
}

export function formatRelative(at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000
  if (Math.abs(seconds) < 1.5) return 'now'
  return seconds < 0 ? `${formatSpan(seconds)} ago` : `in ${formatSpan(seconds)}`
}

/** In the time zone of the person: 2026-03-01 14:03:07. */
export function formatLocal(at: string, withMilliseconds = false): string {
  const date = new Date(at)
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
  return withMilliseconds
    ? `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`
    : `${day} ${time}`
}

export function formatPercent(done: number, total: number): string {
  if (total <= 0) return ''
  // 100 % is said when all is done, not before.
  return `${done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100))} %`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
