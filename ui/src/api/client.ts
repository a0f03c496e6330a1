import { parseExact } from './exact'
import { readToken, refuseToken } from './token'
import type { ApiError, Json } from './types'

export const BASE = '/api/v1'

/** An answer that is no success, or no answer at all (`status` 0). */
export class ApiFailure extends Error {
  readonly status: number
  readonly code: string
  readonly place: string | null

  constructor(status: number, code: string, message: string, place: string | null = null) {
    super(message)
    this.name = 'ApiFailure'
    this.status = status
    this.code = code
    this.place = place
  }
}

type Query = { [name: string]: string | number | null | undefined }
/** What may be sent as JSON; interfaces have no index signature, so `Json` alone would refuse them. */
type Body = Json | object

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  )
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

/** Joins parts of a path, each encoded. */
export function path(...parts: string[]): string {
  return parts.map(part => `/${encodeURIComponent(part)}`).join('')
}

export const headers = (): Record<string, string> => {
  const token = readToken()
  return token === null ? {} : { Authorization: `Bearer ${token}` }
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text) as ApiError
    return new ApiFailure(response.status, error.code, error.message, error.place)
  } catch {
    return new ApiFailure(response.status, '', text.slice(0, 200) || `the server answered ${response.status}`)
  }
}

async function send<T>(method: string, url: string, body?: Body, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: headers(), signal: signal ?? null }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { ...headers(), 'Content-Type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(BASE + url, init)
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiFailure(0, '', 'the server cannot be reached')
  }
  if (response.status === 401) refuseToken()
  if (!response.ok) throw await failureOf(response)
  return parseExact<T>(await response.text())
}

export const get = <T>(url: string, signal?: AbortSignal) => send<T>('GET', url, undefined, signal)
export const post = <T>(url: string, body: Body = {}, signal?: AbortSignal) =>
  send<T>('POST', url, body, signal)
export const remove = <T>(url: string) => send<T>('DELETE', url)
