// Students enrol in courses. One decision rests on two things: the seats of the course, and how many courses the student has.
// Neither owns the other, so neither is a stream that the other's commands would have to fight for. The example of dcb.events.
// Run: node --conditions=source examples/enrolment.ts
import { type BoundaryDecider, type Event, executeCommand, openEventStore } from "tidemark";

type CourseEvent =
  | Event<"CourseDefined", { course: string; capacity: number }>
  | Event<"CapacityChanged", { course: string; capacity: number }>
  | Event<"StudentEnrolled", { course: string; student: string }>;
type Enrolment = { course: string; student: string };
type State = { capacities: Record<string, number>; enrolments: readonly Enrolment[] };

const mostCourses = 3;

const enrol: BoundaryDecider<State, Enrolment, CourseEvent> = {
  // Everything about the course, and the student's own enrolments: what else happens cannot disturb this decision.
  query: ({ course, student }) => [{ tags: [`course:${course}`] }, { types: ["StudentEnrolled"], tags: [`student:${student}`] }],
  initialState: () => ({ capacities: {}, enrolments: [] }),
  evolve: ({ capacities, enrolments }, { type, data }) =>
    type === "StudentEnrolled"
      ? { capacities, enrolments: [...enrolments, data] }
      : { capacities: { ...capacities, [data.course]: data.capacity }, enrolments },
  decide: ({ course, student }, { capacities, enrolments }) => {
    const inCourse = enrolments.filter((each) => each.course === course);
    if (inCourse.some((each) => each.student === student)) throw new Error("is enrolled already");
    if (inCourse.length >= (capacities[course] ?? 0)) throw new Error("the course is full");
    if (enrolments.filter((each) => each.student === student).length >= mostCourses) throw new Error("has enough courses");
    return [{ type: "StudentEnrolled", data: { course, student }, tags: [`course:${course}`, `student:${student}`] }];
  },
};

const store = await openEventStore<CourseEvent>();
const courses = Array.from({ length: 5 }, (_, n) => `c${n + 1}`);
for (const course of courses) await store.append([{ type: "CourseDefined", data: { course, capacity: 4 }, tags: [`course:${course}`] }]);
// One capacity is lowered before anybody comes.
await store.append([{ type: "CapacityChanged", data: { course: "c5", capacity: 2 }, tags: ["course:c5"] }]);

// Six students want every course, all at once.
const wishes = Array.from({ length: 6 }, (_, n) => `s${n + 1}`).flatMap((student) => courses.map((course) => ({ course, student })));
const answers = await Promise.allSettled(wishes.map((wish) => executeCommand(store, enrol, wish, { retry: { attempts: 500 } })));

const { events } = await store.readBoundary([{ types: ["StudentEnrolled"] }]);
const taken = events.flatMap((event) => (event.type === "StudentEnrolled" ? [event.data] : []));
const most = (of: (each: Enrolment) => string): number => Math.max(...Object.values(Object.groupBy(taken, of)).map((group) => group?.length ?? 0));
const reasons = new Set(answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason.message)] : [])));

const granted = answers.filter(({ status }) => status === "fulfilled").length;
console.log(`${wishes.length} wishes at once; what was granted was answered with yes, and nothing else: ${taken.length === granted}`);
console.log(`no course beyond its capacity: ${most(({ course }) => course) <= 4 && taken.filter(({ course }) => course === "c5").length <= 2}`);
console.log(`no student beyond ${mostCourses} courses: ${most(({ student }) => student) <= mostCourses}`);
console.log(`refused only where a limit was reached: ${[...reasons].every((reason) => /full|enough/.test(reason))}`);
await store.close();
// => 30 wishes at once; what was granted was answered with yes, and nothing else: true
// => no course beyond its capacity: true
// => no student beyond 3 courses: true
// => refused only where a limit was reached: true
