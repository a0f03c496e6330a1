import { type DialogHTMLAttributes, type ReactNode, useEffect, useId, useRef } from 'react'
import { Button } from './button'
import './dialog.css'

interface ModalProps extends Pick<DialogHTMLAttributes<HTMLDialogElement>, 'aria-label' | 'aria-labelledby'> {
  className: string
  onClose: () => void
  children: ReactNode
}

/** What is above the page while it is rendered; Escape and a click beside it close it. */
export function Modal({ onClose, children, ...rest }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const pressed = useRef<EventTarget | null>(null)
  useEffect(() => {
    const element = dialog.current
    if (element && !element.open) element.showModal()
    return () => element?.close()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own
    <dialog
      ref={dialog}
      {...rest}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
      onPointerDown={event => {
        pressed.current = event.target
      }}
      // Who marks a text within, and ends beside it, means the text.
      onClick={({ target }) => target === dialog.current && target === pressed.current && onClose()}
    >
      {children}
    </dialog>
  )
}

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const id = useId()
  return (
    <Modal className="dialog" aria-labelledby={id} onClose={onClose}>
      <div className="dialog-inside">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </Modal>
  )
}

interface ConfirmProps {
  title: string
  /** what the button does: `Discard 12` */
  action: string
  /** what the other button says */
  keep?: string
  isDangerous?: boolean
  isBusy?: boolean
  onConfirm: () => void
  onClose: () => void
  children: ReactNode
}

/** Asks before what cannot be undone, or is much. */
export function Confirm(props: ConfirmProps) {
  const {
    title,
    action,
    keep = 'Cancel',
    isDangerous = false,
    isBusy = false,
    onConfirm,
    onClose,
    children,
  } = props
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-text">{children}</div>
      <div className="dialog-buttons">
        <Button onClick={onClose}>{keep}</Button>
        <Button kind={isDangerous ? 'danger' : 'primary'} isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
