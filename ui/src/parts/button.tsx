import type { ButtonHTMLAttributes } from 'react'
import './button.css'
import { Icon, type IconName } from './icon'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon?: IconName
  kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  /** the action is under way */
  isBusy?: boolean
}

export function Button({
  icon,
  kind = 'plain',
  isBusy = false,
  children,
  className = '',
  disabled,
  ...rest
}: Props) {
  return (
    <button
      type="button"
      className={`button button-${kind} ${className}`}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}
