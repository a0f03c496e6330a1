import { type FormEvent, useEffect, useRef, useState } from 'react'
import { setToken, wasRefused } from '../api/token'
import { Button } from '../parts/button'
import { Mark } from './mark'
import './token-form.css'

export function TokenForm() {
  const [text, setText] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '') setToken(text.trim())
  }
  return (
    <main className="token-form">
      <Mark />
      <h1>headrace</h1>
      <p>
        This page needs the token of the server. <code>headrace serve</code> prints a link that holds it; open
        that link, or paste the token here.
      </p>
      <form onSubmit={submit}>
        <label htmlFor="token">Token</label>
        <input
          ref={input}
          id="token"
          aria-describedby="token-refused"
          className="field"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={event => setText(event.target.value)}
        />
        <Button type="submit" kind="primary" disabled={text.trim() === ''}>
          Open
        </Button>
        <p id="token-refused" className="token-refused" role="alert">
          {wasRefused() && 'The server does not accept that token; each start of the server makes another.'}
        </p>
      </form>
      <p className="muted">It stays in this tab, and goes when the tab is closed.</p>
    </main>
  )
}
