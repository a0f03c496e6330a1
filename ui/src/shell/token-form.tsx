import { type FormEvent, useState } from 'react'
import { setToken } from '../api/token'
import { Button } from '../parts/button'
import { Mark } from './mark'
import './token-form.css'

export function TokenForm() {
  const [text, setText] = useState('')
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
          id="token"
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
      </form>
      <p className="muted">It stays in this tab, and goes when the tab is closed.</p>
    </main>
  )
}
