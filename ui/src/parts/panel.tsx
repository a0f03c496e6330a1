import { type ReactNode, useId } from 'react'
import './panel.css'

interface Props {
  title: ReactNode
  /** beside the title, at its end */
  aside?: ReactNode
  children: ReactNode
  className?: string
}

/** A part of a page with a heading: white on the ground of the page. */
export function Panel({ title, aside, children, className = '' }: Props) {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** What is said where there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}
