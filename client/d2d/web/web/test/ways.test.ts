import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Configuration, Status } from '../src/api/types'
import { standingOf } from '../src/lib/standing'
import { offersOf } from '../src/lib/ways'

function configuration(
  mode: Configuration['deviceAuthenticationMode'],
  remote: Partial<Configuration['remoteProvisioning']> = {},
): Configuration {
  const client = { clientId: 'd2d', audience: '', scopes: [] }
  return {
    isInitialized: false,
    deviceAuthenticationMode: mode,
    owner: '',
    buildInfo: { version: '' },
    remoteProvisioning: {
      jwtOwnerClaim: 'sub',
      id: '',
      coapGateway: '',
      authority: 'https://auth.example.com',
      certificateAuthority: 'https://sign.example.com',
      webOauthClient: client,
      deviceOauthClient: client,
      mode: 'MODE_NONE',
      userAgent: { csrChallengeStateExpiration: '60000000000' },
      ...remote,
    },
  }
}

const open = (c: Configuration): string[] =>
  offersOf(c)
    .filter((o) => !o.not)
    .map((o) => o.way)

test('which ways a configuration leaves open', () => {
  assert.deepEqual(open(configuration('UNINITIALIZED')), ['key', 'self', 'browser'])
  assert.deepEqual(open(configuration('UNINITIALIZED', { mode: 'USER_AGENT' })), ['key', 'self', 'browser'])
  assert.deepEqual(open(configuration('UNINITIALIZED', { authority: '' })), ['key'])
  assert.deepEqual(open(configuration('PRE_SHARED_KEY')), ['key'])
  assert.deepEqual(open(configuration('X509')), ['self'])
  assert.deepEqual(open(configuration('X509', { mode: 'USER_AGENT' })), ['browser'])
})

test('a way that is closed names the setting', () => {
  const why = (c: Configuration): string[] => offersOf(c).map((o) => o.not)
  assert.match(why(configuration('X509'))[0] ?? '', /clients\.device\.coap\.tls\.authentication/)
  assert.match(why(configuration('X509'))[2] ?? '', /remoteProvisioning\.mode/)
  const nothing = { authority: '', certificateAuthority: '', webOauthClient: { clientId: '', audience: '', scopes: [] } }
  for (const not of why(configuration('UNINITIALIZED', nothing)).slice(1)) {
    assert.match(
      not,
      /remoteProvisioning\.authority, remoteProvisioning\.certificateAuthority, remoteProvisioning\.webOAuthClient\.clientID/,
    )
  }
})

const now = new Date('2026-05-01T12:00:00Z')
const status = (notAfter: string, more: Partial<Status> = {}, needsToken = false): Status => ({
  way: 'self',
  deviceAuthenticationMode: 'X509',
  storage: 'a file',
  identity: { notBefore: '2026-04-01T12:00:00Z', notAfter, renewAt: '2026-05-20T12:00:00Z', needsToken },
  ...more,
})

test('how it stands with a certificate', () => {
  assert.equal(standingOf({ way: 'preSharedKey', deviceAuthenticationMode: 'PRE_SHARED_KEY', storage: '' }, 'key', now).tone, 'ok')
  const good = standingOf(status('2026-05-20T12:00:00Z'), 'self', now)
  assert.deepEqual([good.tone, good.more], ['ok', 'The certificate ends in 19 days.'])
  assert.match(standingOf(status('2026-05-02T12:00:00Z', {}, true), 'browser', now).text, /somebody has to log in/)
  assert.equal(standingOf(status('2026-05-02T12:00:00Z', { problem: 'refused' }), 'self', now).tone, 'warning')
  const over = standingOf(status('2026-05-01T11:00:00Z', {}, true), 'self', now)
  assert.deepEqual([over.tone, over.more], ['failed', 'It ended 1 hour ago. Renew it.'])
})
