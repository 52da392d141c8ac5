// Tables that tests write to. They are empty, and each test leaves them so.
'use strict';
const items = () => [];

module.exports = {
  writes: { keys: 'p:S,s:N', lsi: { by_l: { keys: 'p:S,l:S' } }, gsi: { by_g: { keys: 'g:S,h:N' } }, items },
  writes2: { keys: 'id:S', items },
};
