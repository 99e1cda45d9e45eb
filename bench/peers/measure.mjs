// Median time of repeated calls, in milliseconds: two calls to warm up (one where a call takes seconds), then at least three.
export async function measure(call, seconds) {
  const start = performance.now();
  await call();
  const first = performance.now() - start;
  if (first < 2000) await call();
  const least = first > 3000 ? 1 : 3;
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < least || (times.length < 2000 && performance.now() < end)) {
    const before = performance.now();
    await call();
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}
