import type { ComponentChild } from 'preact'
import { PageHead } from '@shared/ui/page'
import { Device } from './device'
import { Devices } from './devices'
import { GroupForm } from './groupform'
import { Group } from './group'
import { Groups } from './groups'
import { Home } from './home'
import { HubForm } from './hubform'
import { Hub } from './hub'
import { Hubs } from './hubs'

/** Page is the one that belongs to a path. The server knows the same paths (console.go). */
export function Page({ path }: { path: string }): ComponentChild {
  const [room = '', id = '', verb = ''] = path.split('/').slice(1).map(decode)
  switch (room) {
    case '':
      return <Home />
    case 'devices':
      return id ? <Device id={id} /> : <Devices />
    case 'groups':
      if (id === 'new') return <GroupForm />
      if (id) return verb === 'edit' ? <GroupForm id={id} /> : <Group id={id} />
      return <Groups />
    case 'hubs':
      if (id === 'new') return <HubForm />
      if (id) return verb === 'edit' ? <HubForm id={id} /> : <Hub id={id} />
      return <Hubs />
    default:
      return (
        <PageHead title="Nothing here">
          This page does not exist. <a href="/">Go home</a>.
        </PageHead>
      )
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
