import { useEffect, useState } from 'preact/hooks'

/** Place is where the person is: the path, and what it asks for. */
export interface Place {
  path: string
  query: URLSearchParams
  state: unknown
  moves: number
}

let moves = 0
const listeners = new Set<() => void>()

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search), state: history.state as unknown, moves })

function changed(): void {
  listeners.forEach((listener) => listener())
}

let unsaved = false

/** holdBack has navigate ask before what a form holds is lost. */
export function holdBack(on: boolean): void {
  unsaved = on
}

/** navigate goes to another page of the site. replace leaves no trace in the history. */
export function navigate(to: string, { replace = false, state = null }: { replace?: boolean; state?: unknown } = {}): void {
  const path = location.pathname
  if (unsaved && !to.startsWith(`${path}?`) && !confirm('Leave this page? What you changed here is not saved.')) return
  unsaved = false
  if (replace) history.replaceState(state, '', to)
  else history.pushState(state, '', to)
  if (location.pathname !== path) {
    moves++
    window.scrollTo(0, 0)
  }
  changed()
}

/** usePlace follows the address bar. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const update = (): void => setPlace(here())
    const back = (): void => {
      moves++
      update()
    }
    listeners.add(update)
    addEventListener('popstate', back)
    update()
    return () => {
      listeners.delete(update)
      removeEventListener('popstate', back)
    }
  }, [])
  return place
}

/** followLinks makes plain links to pages of the site stay in it. Those with a modifier key or a target are the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element | null)?.closest('a')
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
  const path = link.getAttribute('href') ?? ''
  if (!path.startsWith('/') || path.startsWith('/api/') || path.startsWith('/licenses')) return
  event.preventDefault()
  navigate(path)
}

/** withQuery gives the path with those parameters; what is empty is left out. */
export function withQuery(path: string, values: Record<string, string | undefined>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value) params.set(name, value)
  const text = params.toString()
  return text ? `${path}?${text}` : path
}
