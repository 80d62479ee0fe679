/** Work cut into steps and done between the screen's frames, oldest first. */
type Step = Generator<void, void>;

const BUDGET_MS = 6;
const queue: Step[] = [];
const channel = new MessageChannel();
let running = false;

channel.port1.onmessage = () => {
  const until = performance.now() + BUDGET_MS;
  while (queue.length && performance.now() < until) {
    const first = queue[0] as Step;
    if (first.next().done) queue.shift();
  }
  running = queue.length > 0;
  // A macrotask by timer lets the browser paint and take input in between.
  if (running) setTimeout(() => channel.port2.postMessage(null), 0);
};

/** Runs a job's steps in slices; the promise is kept with its result, or broken by what it throws or by `signal`. */
export function inSlices<T>(job: Generator<void, T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    function* steps(): Step {
      try {
        for (;;) {
          signal.throwIfAborted();
          const step = job.next();
          if (step.done) return resolve(step.value);
          yield;
        }
      } catch (error) {
        reject(error as Error);
      }
    }
    queue.push(steps());
    if (!running) {
      running = true;
      channel.port2.postMessage(null);
    }
  });
}
