import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactorFor, redactUrl } from './redactUrl.js';

test('user info and secret query values become ***', () => {
  for (const [text, wanted] of [
    ['rtsp://admin:hunter2@cam/1', 'rtsp://***@cam/1'],
    ['rtsp://admin:p@ss:w0rd@10.0.0.5:554/x?y=1', 'rtsp://***@10.0.0.5:554/x?y=1'],
    ['rtsp://cam/1?token=abc&fps=5#x', 'rtsp://cam/1?token=***&fps=5#x'],
    ['srt://h:1?mode=caller&passphrase=abc', 'srt://h:1?mode=caller&passphrase=***'],
    ['two: http://a:b@c and rtsp://d:e@f.', 'two: http://***@c and rtsp://***@f.'],
    ['nothing here: me@home.org, 5:30', 'nothing here: me@home.org, 5:30'],
  ])
    assert.equal(redactUrl(text), wanted);
});

test('the password of the URL at hand is covered wherever a message quotes it', () => {
  const redact = redactorFor('rtsp://admin:s3%40cret@cam/1');
  assert.equal(
    redact('Bad "s3%40cret" or s3@cret at rtsp://admin:s3%40cret@cam'),
    'Bad "***" or *** at rtsp://***@cam',
  );
  assert.equal(redactorFor('rtsp://a:x&key=yz@cam/1')('Bad "x&key=yz"'), 'Bad "***"');
  assert.equal(redactorFor('rtsp://a:pass@cam/1')('at cam?password=yz'), 'at cam?***word=***');
  assert.equal(redactorFor('rtsp://cam/1')('as it is'), 'as it is');
});

test('no password survives in any URL', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9%:@!$&*+,;=._~-]{0,12}$/);
  fc.assert(
    fc.property(word, word, fc.stringMatching(/^[a-z0-9.]{1,10}$/), (before, after, host) => {
      const url = `rtsp://user:${before}CANARY${after}@${host}/live?id=1`;
      assert.doesNotMatch(redactUrl(`opening ${url} failed`), /CANARY/);
      assert.match(redactUrl(url), new RegExp(`@${host.replaceAll('.', '\\.')}/live\\?id=1$`));
    }),
    { numRuns: 500 },
  );
});
