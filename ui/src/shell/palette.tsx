interface Props {
  isOpen: boolean
  setOpen: (isOpen: boolean) => void
}

export function Palette({ isOpen }: Props) {
  return isOpen ? null : null
}
