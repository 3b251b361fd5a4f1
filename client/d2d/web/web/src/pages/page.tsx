import type { ComponentChild } from 'preact'
import { PageHead } from '@shared/ui/page'
import { Device } from './device'
import { Devices } from './devices'
import { Home } from './home'
import { JoinByBrowser } from './joinbrowser'
import { JoinByKey } from './joinkey'
import { JoinBySelf } from './joinself'
import { Resource } from './resource'

/** Page is the one that belongs to a path. The server knows the same paths (web.go). */
export function Page({ path }: { path: string }): ComponentChild {
  const [room = '', id = '', verb = ''] = path.split('/').slice(1)
  switch (room) {
    case '':
      return <Home />
    case 'join':
      if (id === 'key') return <JoinByKey />
      if (id === 'self') return <JoinBySelf />
      if (id === 'browser') return <JoinByBrowser />
      break
    case 'devices':
      if (!id) return <Devices />
      return verb === 'resource' ? <Resource id={id} /> : <Device id={id} />
  }
  return (
    <PageHead title="Nothing here">
      This page does not exist. <a href="/">Go home</a>.
    </PageHead>
  )
}
