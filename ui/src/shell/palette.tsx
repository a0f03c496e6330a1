import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { Modal } from '../parts/dialog'
import { Icon } from '../parts/icon'
import { type Command, findCommands } from './commands'
import './palette.css'

interface Props {
  commands: Command[]
  onClose: () => void
}

/** Everything that can be gone to or done, found by typing. */
export function Palette({ commands, onClose }: Props) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const found = findCommands(commands, typed)
  const run = (command: Command | undefined) => {
    if (!command) return
    onClose()
    command.run()
  }
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Enter') run(found[at])
    else if (step === undefined || found.length === 0) return
    else setAt((at + step + found.length) % found.length)
    event.preventDefault()
  }
  return (
    <Modal className="dialog palette" aria-label="Go to or do" onClose={onClose}>
      <input
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        aria-label="Go to or do"
        placeholder="A flow, a page, something to do"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={event => {
          setTyped(event.target.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <div id={`${id}-list`} className="palette-list" role="listbox" aria-label="Found">
        {found.map((command, index) => (
          <Option
            key={command.id}
            id={`${id}-${index}`}
            command={command}
            isAt={index === at}
            run={() => run(command)}
          />
        ))}
      </div>
      {found.length === 0 && <p className="palette-none muted">Nothing is called so.</p>}
    </Modal>
  )
}

interface OptionProps {
  id: string
  command: Command
  isAt: boolean
  run: () => void
}

function Option({ id, command, isAt, run }: OptionProps) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isAt) ref.current?.scrollIntoView({ block: 'nearest' })
  }, [isAt])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, as the pattern of a combobox has it
    <div ref={ref} id={id} role="option" aria-selected={isAt} className="palette-option" onClick={run}>
      <Icon name={command.icon} />
      <span>{command.name}</span>
      <span className="palette-hint">{command.hint}</span>
    </div>
  )
}
