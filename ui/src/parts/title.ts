import { useEffect } from 'react'

/** Names the page in the tab, and in the history. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · headrace`
  }, [title])
}
