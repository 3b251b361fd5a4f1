import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { holdBack } from './router'

export interface Loaded<T> {
  data: T | undefined
  error: unknown
  /** When data last came. */
  at: Date | undefined
  reload: () => void
}

const longestPause = 8 // times as long as usual, between tries of a server that does not answer

/**
 * useLoad reads once, and again when what it depends on changes; with every (milliseconds), again and again while the page is
 * visible. One request is under way at a time, and none after the page is left. An error keeps the data
 * that were there, and makes the next try wait longer. Where every becomes 0, what was read stands as it is.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, deps: unknown[], every = 0): Loaded<T> {
  const [state, setState] = useState<{ data: T | undefined; error: unknown; at: Date | undefined }>({
    data: undefined,
    error: undefined,
    at: undefined,
  })
  const latest = useRef(load)
  latest.current = load
  const [turn, setTurn] = useState(0)
  const fresh = useRef<{ deps: unknown[]; turn: number; read: boolean }>({ deps: [], turn: 0, read: false })
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let busy = false
    let failures = 0
    const other = deps.some((d, i) => d !== fresh.current.deps[i])
    if (other) setState((s) => ({ ...s, error: undefined }))
    fresh.current = { deps, turn, read: fresh.current.read && !other && turn === fresh.current.turn }
    const next = (): void => {
      if (every > 0) timer = setTimeout(run, every * Math.min(2 ** failures, longestPause))
    }
    const run = (): void => {
      if (busy || (document.hidden && every > 0)) return // visibilitychange brings it back
      busy = true
      latest
        .current(abort.signal)
        .then(
          (data) => {
            failures = 0
            if (abort.signal.aborted) return
            fresh.current.read = true
            setState({ data, error: undefined, at: new Date() })
          },
          (error: unknown) => {
            failures++
            if (!abort.signal.aborted) setState((s) => ({ ...s, error }))
          },
        )
        .finally(() => {
          busy = false
          if (!abort.signal.aborted) next()
        })
    }
    const shown = (): void => {
      if (document.hidden || every === 0) return
      clearTimeout(timer)
      run()
    }
    document.addEventListener('visibilitychange', shown)
    if (every > 0 || !fresh.current.read) run()
    return () => {
      abort.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', shown)
    }
  }, [...deps, every, turn])
  return { ...state, reload: useCallback(() => setTurn((n) => n + 1), []) }
}

/** useSettled gives the value once it has rested for a while (milliseconds): for what is typed. */
export function useSettled<T>(value: T, rest: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), rest)
    return () => clearTimeout(timer)
  }, [value, rest])
  return settled
}

/** useAction runs one thing at a time and keeps what went wrong. */
export function useAction(): { busy: boolean; error: unknown; run: (action: () => Promise<void>) => Promise<void>; clear: () => void } {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const under = useRef(false)
  const run = useCallback(async (action: () => Promise<void>) => {
    if (under.current) return
    under.current = true
    setBusy(true)
    setError(undefined)
    try {
      await action()
    } catch (e) {
      setError(e)
    } finally {
      under.current = false
      setBusy(false)
    }
  }, [])
  return { busy, error, run, clear: useCallback(() => setError(undefined), []) }
}

/** useLeaveWarning has the person asked before unsaved work is lost, by a link as by closing the tab. */
export function useLeaveWarning(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', warn)
    holdBack(true)
    return () => {
      removeEventListener('beforeunload', warn)
      holdBack(false)
    }
  }, [dirty])
}
