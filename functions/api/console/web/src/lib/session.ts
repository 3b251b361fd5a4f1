import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Client } from '../api/client'
import type { Me } from '../api/types'

/** Session is what every page of a person who is logged in knows. */
export interface Session {
  api: Client
  me: Me
  canWrite: boolean
  isAdmin: boolean
  expiresAt: Date | undefined
  /** say shows a short message, and has it read out. */
  say: (message: string) => void
}

export const SessionContext = createContext<Session | undefined>(undefined)

/** useSession is for pages, which are only shown to a person who is logged in. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('No session: this page is shown before log-in.')
  return session
}
