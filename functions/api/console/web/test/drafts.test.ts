import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Group, Hub } from '../src/api/types'
import { mergePatch, type JsonObject } from '../src/lib/diff'
import * as groups from '../src/lib/groupdraft'
import * as hubs from '../src/lib/hubdraft'
import { toDataURI } from '@shared/lib/pem'

const patch = (base: object, wanted: JsonObject): JsonObject | undefined => mergePatch(base as JsonObject, wanted)

const group: Group = {
  id: 'g',
  name: 'a',
  hubIds: ['h'],
  preSharedKey: 'secret:x',
  version: '3',
  attestationMechanism: {
    x509: { certificateChain: toDataURI('PEM'), leadCertificateName: 'lead', deny: { serials: ['a1b'] }, crls: [{ url: 'http://x/' }] },
  },
}

test('a group’s form that is not touched changes nothing', () => {
  assert.equal(patch(group, groups.wantedOf(groups.draftOf(group), group)), undefined)
})

test('a group’s secret stays, changes or goes', () => {
  const draft = groups.draftOf(group)
  assert.equal(draft.psk, '')
  assert.deepEqual(patch(group, groups.wantedOf({ ...draft, psk: '0123456789abcdef' }, group)), {
    preSharedKey: toDataURI('0123456789abcdef'),
  })
  assert.deepEqual(patch(group, groups.wantedOf({ ...draft, removePsk: true }, group)), { preSharedKey: null })
})

test('lists of a group are read line by line', () => {
  const draft = groups.draftOf(group)
  assert.deepEqual(patch(group, groups.wantedOf({ ...draft, deny: { ...draft.deny, serials: ' a1b \n\n2c' } }, group)), {
    attestationMechanism: { x509: { deny: { serials: ['a1b', '2c'] } } },
  })
  assert.deepEqual(patch(group, groups.wantedOf({ ...draft, crls: [] }, group)), { attestationMechanism: { x509: { crls: null } } })
})

test('what a group lacks', () => {
  assert.deepEqual(Object.keys(groups.faultsOf(groups.draftOf(undefined))), ['pem', 'hubIds'])
  assert.match(groups.faultsOf({ ...groups.draftOf(group), psk: 'ü'.repeat(9) }).psk ?? '', /18 bytes/)
})

const hub: Hub = {
  id: 'h',
  name: 'hub',
  hubId: 'd03a1bb4-0a77-428c-b78c-1c46efe6a38e',
  gateways: ['coaps+tcp://x:1'],
  caPool: [toDataURI('ROOT\n')],
  version: '1',
  certificateAuthority: {
    grpc: { address: 'x:1', tls: { caPool: [toDataURI('A\n'), toDataURI('B\n')], cert: toDataURI('C'), key: 'secret:k' } },
  },
  authorization: {
    ownerClaim: 'owner',
    provider: { name: 'n', authority: 'https://a', clientId: 'c', clientSecret: 'secret:s', scopes: ['openid'] },
  },
}

test('a hub’s form that is not touched changes nothing, and lacks nothing', () => {
  const draft = hubs.draftOf(hub)
  assert.equal(patch(hub, hubs.wantedOf(draft, hub)), undefined)
  assert.deepEqual(hubs.faultsOf(draft), {})
})

test('a hub’s secrets are only sent when they were typed', () => {
  const draft = hubs.draftOf(hub)
  assert.deepEqual(patch(hub, hubs.wantedOf({ ...draft, clientSecret: 'new' }, hub)), {
    authorization: { provider: { clientSecret: toDataURI('new') } },
  })
  assert.deepEqual(patch(hub, hubs.wantedOf({ ...draft, authorityTLS: { ...draft.authorityTLS, removeKey: true } }, hub)), {
    certificateAuthority: { grpc: { tls: { key: null } } },
  })
})

test('what a hub lacks', () => {
  assert.deepEqual(Object.keys(hubs.faultsOf(hubs.draftOf(undefined))), [
    'hubId',
    'gateways',
    'address',
    'providerName',
    'authority',
    'clientId',
  ])
  assert.match(hubs.faultsOf({ ...hubs.draftOf(hub), gateways: 'http://x' }).gateways ?? '', /http:\/\/x is not/)
  assert.ok(hubs.faultsOf({ ...hubs.draftOf(hub), ownerClaim: 'sub' }).ownerClaim)
})
