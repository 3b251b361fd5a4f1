import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Client } from '../api/client'
import type { Configuration, Status } from '../api/types'

/** Person is who is logged in. */
export interface Person {
  name: string
  /** As the client's owner claim names him; empty where the token does not say. */
  owner: string
  token: string
  expiresAt: Date | undefined
}

/** Session is what every page knows. */
export interface Session {
  api: Client
  config: Configuration
  /** undefined: the client does not tell before it has a certificate. */
  status: Status | undefined
  person: Person | undefined
  /** Somebody can log in: the client's configuration names an OAuth server and this page's client there. */
  canLogIn: boolean
  /** logIn leaves for the OAuth server, and comes back to where the person is. */
  logIn: () => void
  logOut: () => void
  /** refresh reads configuration and status again. */
  refresh: () => Promise<void>
  /** The ids of the devices that did not answer the last search. */
  silent: { ids: ReadonlySet<string> }
  /** say shows a short message, and has it read out. */
  say: (message: string) => void
}

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('No session: this page is shown too early.')
  return session
}
