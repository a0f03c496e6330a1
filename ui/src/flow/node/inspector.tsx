import { type ReactNode, type RefObject, useId } from 'react'
import { Button } from '../../parts/button'
import './inspector.css'

interface Props {
  title: ReactNode
  /** below the title */
  about: ReactNode
  panel: RefObject<HTMLElement | null>
  close: () => void
  children: ReactNode
}

/** The frame around what is said of the chosen node or edge. */
export function Inspector({ title, about, panel, close, children }: Props) {
  const id = useId()
  return (
    <aside className="inspector" aria-labelledby={id} ref={panel} tabIndex={-1}>
      <header className="inspector-head">
        <div>
          <h2 id={id}>{title}</h2>
          <p>{about}</p>
        </div>
        <Button kind="quiet" icon="cross" aria-label="Close" title="Close (Escape)" onClick={close} />
      </header>
      <div className="inspector-inside">{children}</div>
    </aside>
  )
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="inspector-part">
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** Numbers with their names above. */
export function Numbers({ children }: { children: ReactNode }) {
  return <dl className="inspector-numbers">{children}</dl>
}

export function Count({ name, tone = '', children }: { name: string; tone?: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={tone}>{children}</dd>
    </div>
  )
}
