import { useId } from 'react'
import './select.css'

interface Props {
  label: string
  value: string | undefined
  options: string[]
  onChange: (value: string | undefined) => void
}

/** One of several, or all. A value that is no option any more is kept and shown. */
export function Select({ label, value, options, onChange }: Props) {
  const id = useId()
  const shown = value === undefined || options.includes(value) ? options : [value, ...options]
  return (
    <span className="select">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="field"
        value={value ?? ''}
        onChange={event => onChange(event.target.value || undefined)}
      >
        <option value="">all</option>
        {shown.map(option => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </span>
  )
}
