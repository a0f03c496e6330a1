import { Fragment } from 'react'
import type { Token } from './tokenize'
import './code.css'

/** A line of a flow file in its colours. */
export function CodeLine({ tokens }: { tokens: Token[] }) {
  return tokens.map(({ kind, text }, index) =>
    kind === 'plain' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity but their place
      <Fragment key={index}>{text}</Fragment>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity but their place
      <span key={index} className={`code-${kind}`}>
        {text}
      </span>
    ),
  )
}
