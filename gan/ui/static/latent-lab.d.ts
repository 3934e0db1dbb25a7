/**
 * Types for the scripts of the page: what each adds to `window.latentLab`, and what the server sends.
 *
 * The scripts are plain ones, sent as one file in any order, so this file is their one table of contents.
 * `npx tsc` checks every script against it.
 */

// ---- Controls of Explore, as `gan.ui.server.controls` declares them

type ControlKind = "seed" | "partner" | "class" | "slider" | "border" | "named" | "directions" | "coordinates";

interface Control {
  name: string;
  query: string;
  kind: ControlKind;
  label: string;
  help: string;
  low: number;
  high: number;
  step: number;
  default: number | null;
}

type SliderRange = Pick<Control, "low" | "high" | "step" | "default">;

/** How the values of a kind of control are written in an address, which anyone may have written. */
interface ControlCodec {
  start(control: Control): any;
  parse(text: string | null | undefined, control: Dial): any;
  format(value: any, control: Dial): string;
  fit(value: any, about: ModelDescription): any;
}

/** The classes wished for: those of the seed, one, or, of classes in groups, an ascending list. */
type Label = number | number[] | null;

/** Classes that answer one question about a picture; most: of how many it can have. */
interface ClassGroup {
  name: string;
  size: number;
  most: number;
}

/** groups: of the classes, in their order, where a picture has several. */
interface KnownClasses {
  classes: string[];
  groups: ClassGroup[];
}

/** One picture: a model, and a value for each control by its name. */
interface PictureState {
  model: string;
  seed: number;
  label: Label;
  [control: string]: string | number | null | number[];
}

/** A picture with some of its values; what is missing takes its default. */
interface PartialState {
  model: string;
  [control: string]: string | number | null | number[] | undefined;
}

/** The keys of an address that belong to one tab, and their texts. */
type AddressPart = Record<string, string>;

/** How a tab and the page's address agree. */
interface TabAddress {
  read(): AddressPart; // what the tab is to show
  write(part: AddressPart, step?: boolean): void; // what it shows; step: the browser's Back undoes it
  link(part: AddressPart): string; // the whole address of that, and of nothing else
}

interface MountedTab {
  known: string; // the part that the tab has written, or was told
  restore(part: AddressPart): void;
}

interface SliderText {
  name: string; // the caption
  label: string; // the accessible name
  note?: string;
  help?: string; // the tooltip; the accessible name by default
  field?: HTMLElement; // in place of the caption
  reach?: number; // for small pictures of both ends: the value that they show, and its negative
  key?: string; // by which a knob knows the slider again
  text?(value: number): string; // the value as it is written, where that is not the number alone
}

interface SliderRow {
  element: HTMLElement;
  input: HTMLInputElement;
  ends: HTMLCanvasElement[];
  set(value: number): void; // without telling anyone
}

interface ControlPanel {
  buildControls(about: ModelDescription, state: PictureState): void;
  buildClasses: ClassChoice["build"];
  buildNamed(names: readonly string[], kinds: readonly string[]): void;
  offerNamed(acting: readonly boolean[] | null): boolean; // dims what does nothing in the picture; whether that changed
  render(state: PictureState): void;
  renderSliders(name: string, state: PictureState): void;
  showAllDirections(): void;
  namedRows(): [number, SliderRow][]; // those that do something in the picture, and which they are
  movable(few: number): [control: string, i: number][]; // these, and so many principal directions that they are a few
}

/** Chips from which classes are chosen. show: without telling anyone. */
interface ClassChoice {
  build(known: KnownClasses): void;
  show(label: Label): void;
}

interface OtherSeeds {
  reserve(size: number): void;
  follow(state: PictureState, about: ModelDescription): void;
  reroll(state: PictureState, about: ModelDescription): void;
}

// ---- The server

/** A reply: what was asked for, one sentence that says why not, or a request to try again. */
type Reply<T> = (T & { error?: undefined; busy?: undefined }) | { error: string; busy?: undefined } | Busy;

/** Too much is under way; after: seconds until it is worth asking again. */
interface Busy {
  busy: true;
  after?: number;
  error?: undefined;
}

/** A reply that is not `busy`. */
type Answer<T> = (T & { error?: undefined; busy?: undefined }) | { error: string; busy?: undefined };

/** n pictures of h x w pixels and c channels; p is base64 of the bytes in that order. */
interface PackedImages {
  n: number;
  h: number;
  w: number;
  c: number;
  p: string;
  waited?: number; // ms before its turn came, among all visitors
  acting?: boolean[] | null; // of a picture: whether each named slider does anything in it; null where all do
  pixels?: Uint8ClampedArray<ArrayBuffer>; // in place of p, four bytes a pixel, where this browser has drawn them
  here?: number; // ms that this took
  since?: number; // from when on it could be drawn, where it had to wait for weights: by performance.now
}

interface ModelDescription extends KnownClasses {
  size: number;
  z_dim: number;
  named: string[]; // names of the named directions
  kinds: string[]; // as in `KnownModel`
  variance: number[]; // share of each principal direction
  crosses: boolean; // whether two pictures can be crossed
  beside: string[]; // the attribute that each of those mostly changes, "" for none; empty where none is known
}

/** What the page must know of a model before it asks for any picture of it. */
interface KnownModel extends KnownClasses {
  model: string;
  size: number;
  named: string[]; // names of its sliders, as far as known
  kinds: string[]; // of each, the attribute of which it is one of several kinds, or ""
  smooth: boolean; // its pictures are enlarged smoothly unless the visitor chooses otherwise
}

/** A file to save; data is base64, or the bytes where this browser has made it. */
interface ServerFile {
  name: string;
  mime: string;
  data: string | Uint8Array<ArrayBuffer>;
}

interface PictureRequest {
  follows: boolean;
  [control: string]: PictureState[string] | boolean;
}

interface GridRequest {
  model: string;
  seeds: number[];
  label: Label;
  truncation: PictureState[string];
}

interface ModelFinder {
  locate(payload: { model: string }): Promise<Reply<{ found: KnownModel | null; gone: string }>>;
}

interface PackServer {
  /** Where a model's weights are; null where the browser cannot draw it, or is not to. squeezed: see `inflatePack`. */
  pack(payload: { model: string }): Promise<Reply<{ address: string | null; bytes: number; squeezed?: boolean }>>;
  progress?(model: string, share: number): void; // of a download
}

interface ExploreServer extends ModelFinder, PackServer {
  describe(payload: { model: string }): Promise<Reply<ModelDescription>>;
  /** follows: it takes the place of the visitor's one before, if that still waits for its turn. */
  picture(payload: PictureRequest): Promise<Reply<PackedImages>>;
  grid(payload: GridRequest): Promise<Reply<PackedImages>>;
  warm(payload: {}): Promise<Reply<{}>>;
}

/** Crossing with another seed. draw: a small picture of that one, where this browser can. */
interface MixPanel {
  render(state: PictureState): void;
  draw(state: PictureState): Promise<void>;
}

// ---- Playing

/** Slider values that wander. begin: from where, and within which bounds. step: the values after so many seconds. */
interface Drift {
  begin(places: { value: number; low: number; high: number }[]): void;
  step(seconds: number, how: DriftSettings): number[];
}

/** tempo: places that it sets off for, a minute; distance: how far from where it began; speed: how quickly it follows. */
type DriftSettings = Record<"speed" | "distance" | "tempo", number>;

/** rate: frames a second. frames: what was recorded last. */
interface Recorder {
  readonly rate: number;
  readonly frames: ImageData[];
  readonly running: boolean;
  start(): void;
  stop(): void;
}

interface PlayPanel {
  toggle(): void;
  rebase(): void; // the sliders are elsewhere now: a drift goes on from there
  hold(control: string, i?: number): void; // the visitor has moved it: a drift leaves it alone
  render(): void; // sliders are others now
}

// ---- The map

/** A plane of pictures. corners: the three that it goes through, if it does; span: the side of its first window. */
interface Plane {
  corners: number[][];
  span: number;
  at(x: number, y: number): PictureState | null; // null beyond its end
  words(x: number, y: number): string;
  nearest(x: number, y: number): number; // which corner
}

/** A slider that an axis of the map moves. */
interface PlaneAxis {
  control: string;
  index: number;
  words: string;
}

interface MapView {
  show(plane: Plane): void;
  /** colourOf: of the part of the plane that is nearest to a corner; null for none. */
  look(colourOf: ((corner: number) => string) | null, smooth: boolean): void;
  mark(at: number[]): void; // where the picture on the stage lies
  zoom(by: number): void;
  home(): void;
}

interface MapPanel {
  follow(): void; // the stage shows another picture
  open(): void;
}

// ---- Kept pictures

/** part: the address of a picture in Explore; picture: a PNG of its own size, as a data URL. */
interface KeptPicture {
  part: AddressPart;
  picture: string;
}

interface KeptPictures {
  all(): KeptPicture[];
  add(more: KeptPicture[]): number; // how many of them were not there and had room
  remove(at: number): void;
  clear(): void;
}

/** A picture to compare with another. */
interface Compared {
  state: PictureState;
  picture: string;
}

// ---- The first screen

interface LivingPicture {
  readonly state: { model: string; seed: number; named: number[] };
  set(i: number, value: number): void; // of a named slider
  renew(): void; // another seed
  drift(on: boolean): void;
}

/** As `gan.live.record_ring.record` returns it. */
interface RingFilm {
  points: number;
  moments: number;
  centres: [number, number][];
  shown: number[]; // points, at each moment
  data: string;
}

// ---- Drawing in the browser

/** What a pack says of its model. groups: [size, most] each; maps: [side, channels], coarse to fine. */
interface EngineConfig {
  z_dim: number;
  channels: number;
  classes: number;
  groups: [number, number][];
  maps: [number, number][];
  size: number; // of a picture's side
  modulated: boolean; // whether the latent scales and shifts the maps of every stage
  directions: number;
  named: number;
  own: number[]; // classes with named directions of their own
  reach: number; // deviations at which a move along one ends
}

/** What a translator's pack says of it. widths: channels of its maps, from full size down, each of half the size. */
interface TranslatorConfig {
  task: "translate";
  size: number;
  channels: number;
  conditions: number;
  colours: number[]; // where among the conditions one begins that the network paints with
  found: number; // how many colours it finds in the picture
  own: number; // and how many it has itself
  insight: number[]; // features and answers of a second way down, how loud those are; empty without
  widths: number[];
  sides: string[];
}

/** net.wasm with its memory, which `heap` shows. */
interface EngineMachine {
  layers: any;
  heap: Float32Array;
  memory: WebAssembly.Memory;
}

type EngineStep = (machine: EngineMachine) => void;

/** Addresses are in bytes: of a layer's weights, of what it made of the latent, and of that of an upper picture. */
interface EngineModulation {
  kernel: number;
  bias: number;
  values: number;
  upper: number;
  own: number;
  at: number;
}

/** Addresses are in bytes. own: a map's side; at, into, out: channels. */
interface EngineLayout {
  reserve(numbers: number): number;
  place(numbers: Float32Array): number;
  tensor(name: string): Float32Array;
  padding(own: number, at: number, which: number): number; // borders stay zero, so maps of one size share theirs
  convolution(name: string, into: number, together: number, taps?: number): [number, number]; // weights and bias
  block(name: string, map: number, own: number, at: number): EngineStep;
  enlarge(name: string, map: number, smaller: number, own: number, into: number, out: number): EngineStep;
  finish(module: WebAssembly.Module): Promise<EngineMachine>;
}

interface EngineTranslator {
  translate(rgb: Uint8Array, to: string, told: number[] | null): Uint8ClampedArray<ArrayBuffer>;
}

interface Pack {
  config: EngineConfig;
  tensors: Map<string, Float32Array>;
}

/**
 * What a generator reads for a picture; cross: also for the one whose lower part it takes, below the border. offsets:
 * what is added to the first feature map of a picture that was found, (channels, pixels).
 */
interface EngineInputs {
  z: Float32Array;
  y: Float32Array;
  cross?: { z: Float32Array; y: Float32Array; border: number };
  offsets?: Float32Array;
}

interface EngineGenerator {
  draw(
    z: Float32Array,
    y: Float32Array,
    cross?: EngineInputs["cross"],
    offsets?: Float32Array,
  ): Uint8ClampedArray | Promise<Uint8ClampedArray>;
}

type EngineLabel = number | number[] | null;

/** What is missing changes nothing. */
interface EnginePicture {
  seed: number;
  label?: EngineLabel;
  truncation?: number;
  sliders?: number[];
  named?: number[];
  raw?: number[];
  partner?: number;
  border?: number;
  offsets?: Float32Array;
}

type EngineWalk = Omit<WalkRequest, "model" | "edits"> & { edits?: any[] };

/** Pictures one after the other, (count, size, size, 4); ms: what they took; acting: as in `PackedImages`, of the first. */
interface EnginePixels {
  size: number;
  count: number;
  pixels: Uint8ClampedArray<ArrayBuffer>;
  ms: number;
  acting?: boolean[] | null;
}

/** Who draws a model's pictures: the browser if "ready", else the server. */
type PainterState = "loading" | "ready" | "server" | "failed";

/** Promises are kept by the worker, or broken with an Error whose message a visitor can read. */
interface Engine {
  start(): Promise<unknown>; // fails where this browser cannot draw at all
  load(model: string, pack: ArrayBuffer): Promise<{ forgotten: string[] }>; // the pack is gone; so are other models
  draw(model: string, pictures: EnginePicture[]): Promise<EnginePixels>;
  translate(model: string, request: Omit<TranslationRequest, "model">): Promise<EnginePixels>;
  walk(model: string, walk: EngineWalk, from: number, to: number): Promise<EnginePixels>; // those frames of it
}

/** Bring the weights at an address; progress: told the share that is here. Errors have a message for visitors. */
type BringPack = (address: string, bytes: number, progress: (share: number) => void) => Promise<ArrayBuffer>;

/** In a worker: net.wasm or points.wasm in base64. */
declare const WASM: string;

// ---- Training points in the browser; what torch's side calls the same has the same meaning

/** The memory of points.wasm. Places are in bytes, sizes in numbers. */
interface PlaneMemory {
  kernels: any; // the functions of points.c
  reserve(numbers: number): number;
  top(): number;
  release(to: number): void; // takes back all that was reserved since `top` said so
  numbers(at: number, count: number): Float32Array; // valid until the next `reserve`
}

/** from, to: as the network has them; into, out: filled up to multiples of 8; weight, bias: where they begin. */
interface PlaneLayer {
  from: number;
  to: number;
  into: number;
  out: number;
  weight: number;
  bias: number;
}

/** Where a network's rows lie; of outputs and slopes a matrix for each layer. */
interface PerceptronRoom {
  inputs: number;
  outputs: number[];
  slopes: number[];
  inputSlopes: number;
  tangents: [number, number];
  weighed: number;
  shares: number;
}

interface PerceptronState {
  updates: number;
  blocks: Float32Array[];
}

interface Perceptron {
  layers: PlaneLayer[];
  size: number;
  weights: number;
  gradient: number;
  room(): PerceptronRoom;
  layOut(rows: number): void;
  initialise(words: () => number): void;
  forward(rows: number, from?: number): number;
  backward(rows: number): void;
  differentiate(rows: number, tangent: boolean): void;
  gradientLength(): number;
  update(optimizer: string, rate: number, beta1: number, beta2: number): void;
  forget(): void;
  save(): PerceptronState;
  restore(state: PerceptronState): void;
}

interface PlaneLoss {
  critic(real: number, fake: number): [value: number, onReal: number, onFake: number];
  generator(real: number, fake: number): [value: number, onFake: number];
  readsReal?: boolean; // the generator's depends on the real logit
}

interface PlanePenalty {
  at: ("real" | "fake" | "mix")[];
  of(squared: number): [value: number, factor: number];
}

/** A distribution of points (count, 2). centres and sd: of a mixture. */
interface World {
  draw(count: number, words: () => number): Float32Array;
  extent: number;
  centres?: Float32Array;
  sd?: number;
}

/** The settings of a side, by the names of gan/config.py. */
interface PlaneConfig {
  dataset: string;
  seed: number;
  network: string;
  width: number;
  z_dim: number;
  loss: string;
  penalty: string;
  gamma: number;
  penalty_every: number;
  critic_norm: string;
  clip: number;
  batch_size: number;
  critic_steps: number;
  optimizer: string;
  learning_rate: number;
  critic_lr_ratio: number;
  beta1: number;
  beta2: number;
  ema_images: number;
  anneal: number;
  images: number;
  sample_images: number;
  checkpoint_images: number;
}

/** What a setting may be. most: that one visitor may ask for. */
interface PlaneRule {
  kind: string;
  low: number;
  high: number;
  live: boolean;
  most?: number;
}

/** What the server knows of runs of points, so that the worker need not repeat it. */
interface PlaneAbout {
  presets: Record<string, Omit<PlaneConfig, "dataset" | "seed">>;
  rules: Record<string, PlaneRule>;
}

interface PlaneBatch {
  real: Float32Array;
  z: Float32Array;
  mix: number[];
}

type PlaneNumbers = Record<string, number>;

interface PlaneState {
  counters: PlaneTrainer["state"];
  networks: PerceptronState[];
  average: Float32Array;
}

interface PlaneTrainer {
  state: {
    shown: number;
    step: number;
    seconds: number;
    rateScale: number;
    rollbacks: number;
    lastRollback: number;
  };
  config(): PlaneConfig;
  advance(move: string): PlaneNumbers;
  drawBatch(): PlaneBatch;
  criticGradient(batch: PlaneBatch, weight: number): PlaneNumbers; // weight: of the penalty
  generatorGradient(batch: PlaneBatch): PlaneNumbers;
  networks: { generator: Perceptron; critic: Perceptron };
  numbers: PlaneMemory["numbers"];
  change(settings: Partial<PlaneConfig>): void;
  sample(latents: Float32Array): Float32Array;
  judge(points: Float32Array): Float32Array;
  slopes(points: Float32Array): Float32Array;
  save(): PlaneState;
  restore(saved: PlaneState): void;
}

interface PlaneViewer {
  backdrop(): View;
  look(trainer: PlaneTrainer): View;
  sample(trainer: PlaneTrainer, count: number): Float32Array;
  measure(trainer: PlaneTrainer): Measurements;
}

interface PlaneMonitor {
  accuracy(share: number, count: number): [kind: string, message: string] | null;
  diversity(value: number, shown: number): [kind: string, message: string] | null;
}

/** states: of each side, to go on from. */
interface StoredMoment {
  moment: Moment;
  states: { config: PlaneConfig; state: PlaneState }[] | null;
}

interface PlaneHistory {
  latest(): StoredMoment | null;
  count(): number; // the number of the next moment
  keepsState(number: number): boolean;
  add(stored: StoredMoment, keep: boolean): void;
  kept(): [number: number, shown: number][];
  curve(): CurvePoint[];
  before(number: number): Moment | undefined;
  stateBefore(number: number): StoredMoment | undefined;
}

interface PlaneSide {
  trainer: PlaneTrainer;
  monitor: PlaneMonitor;
  good: PlaneState; // where a rollback leads
  numbers: PlaneNumbers; // of the last step
  measured: Measurements;
  since: { shown: number; seconds: number }; // from where the rate is counted
  steps: number;
}

interface PlaneRun {
  advance(): number;
  play(): void;
  pause(): void;
  step(move: string): void;
  slow(seconds: number): void;
  change(side: number, settings: Record<string, any>): void;
  stop(): void;
  moment(number: number): Moment | undefined;
  fork(number: number): StoredMoment | undefined;
  newer(after: number, ms: number): Promise<void>;
  news(after: number): News;
  done(): boolean;
}

/** What was changed of a keyframe: a value for each control but the seed. */
interface KeyframeEdit {
  label: Label;
  [control: string]: PictureState[string];
}

interface WalkKey {
  seed: number;
  edit: KeyframeEdit | null;
}

interface WalkRequest {
  model: string;
  seeds: number[];
  edits: (KeyframeEdit | null)[]; // of each seed
  frames: number;
  mode: string;
  loop: boolean;
  label: Label;
  truncation: number;
}

/** All frames of a film, then its keyframes, row by row in one picture; sheet is a data URL. */
interface Sheet {
  size: number;
  frames: number;
  keys: number;
  columns: number;
  sheet: string;
  cells?: ImageData[]; // in place of sheet, where this browser has drawn them
}

type Film = Sheet & { image: HTMLImageElement | HTMLCanvasElement };

interface InterpolateServer extends ModelFinder, PackServer {
  walk(payload: WalkRequest): Promise<Reply<Sheet>>;
  film(payload: WalkRequest & { fps: number; kind: string; smooth: boolean }): Promise<Reply<ServerFile>>;
}

/** What the Interpolate tab is set to. */
interface Walk extends WalkRequest {
  fps: number;
  [setting: string]: any;
}

/** What an address may ask of a walk. seeds: those of the first one; most: how many there may be at most. */
interface WalkRules {
  seeds: number[];
  most: number;
  seed: Control;
  label: Control;
  dials: Record<"frames" | "fps" | "truncation", Dial>;
}

/** A control that an input of the page declares. */
type Dial = Pick<Control, "name" | "low" | "high" | "step" | "default">;

interface Keyframes {
  readonly keys: WalkKey[] | null; // null while what one card holds is no seed
  set(keys: WalkKey[]): void; // without telling anyone
  add(): void;
  shuffle(): void;
  show(film: Film, keys: WalkKey[]): void;
  mark(k: number): void;
}

interface Player {
  reserve(size: number): void; // the place of the first film, before it is there
  load(film: Film, settings: { loop: boolean; fps: number }): void;
  seek(frame: number): void;
  toggle(): void;
  pause(): void;
  setRate(fps: number): void;
  fit(): void; // draws it anew, for another size or look
}

// ---- Translations

/** What the page must know of a translator before it asks for any translation. conditions: names of numbers. */
interface KnownTranslator {
  model: string;
  size: number;
  sides: string[]; // that it translates to, "b" or "b" and "a"
  conditions: string[];
}

/** names: of the sets, by side. examples: how many there are of a side. told: conditions of some of them. */
interface TranslatorDescription {
  names: Record<string, string>;
  examples: Record<string, number>;
  told: number[][];
}

/** pixels: RGB at the translator's own size. */
interface TranslationRequest {
  model: string;
  to: string;
  pixels: Uint8Array;
  conditions: number[] | null;
}

/** The same as it is sent; picture: base64. */
type SentTranslation = Omit<TranslationRequest, "pixels"> & { picture: string; follows?: boolean };

interface ManyRequest {
  model: string;
  to: string;
  rows: number[];
}

/** A model that has a quiz. */
interface QuizModel {
  model: string;
  size: number;
  smooth: boolean;
}

/** One answered picture: what the visitor and the judge took it for, what it is, and its seed where it is made. */
interface QuizAnswer {
  mine: boolean; // true for real, as in the others
  real: boolean;
  judge: boolean;
  seed: number | null;
}

interface QuizServer {
  locate(payload: { model: string }): Promise<Reply<{ found: QuizModel | null; gone: string }>>;
  /** Ten pictures, and nothing of what they are. tells, critic: how well judge and critic tell such, in [0, 1]. */
  deal(payload: {
    model: string;
    number: number;
  }): Promise<Reply<PackedImages & { tells: number | null; critic: number | null }>>;
  reveal(payload: { model: string; number: number; at: number }): Promise<Reply<Omit<QuizAnswer, "mine">>>;
}

interface TranslateServer extends PackServer {
  locate(payload: { model: string }): Promise<Reply<{ found: KnownTranslator | null; gone: string }>>;
  describe(payload: { model: string }): Promise<Reply<TranslatorDescription>>;
  /** A picture to begin with and, of pairs, what it should become; told: under which conditions. */
  example(payload: {
    model: string;
    to: string;
    row: number;
  }): Promise<Reply<PackedImages & { told: number[] | null }>>;
  translate(payload: SentTranslation): Promise<Reply<PackedImages>>;
  /**
   * The way back, if there is one. score: logit less that of the picture as it was, null without a critic; above: share
   * of real ones.
   */
  judge(payload: SentTranslation): Promise<Reply<PackedImages & { score: number | null; above: number | null }>>;
  grid(payload: ManyRequest): Promise<Reply<PackedImages>>;
  film(
    payload: Omit<SentTranslation, "picture"> & {
      pictures: string[];
      frames: number;
      loop: boolean;
      fps: number;
      kind: string;
    },
  ): Promise<Reply<ServerFile>>;
}

/**
 * A line that was drawn. width: in steps of a 192th of the page; points: place, of 4096 each way, and pressure of 255.
 * hole: it takes away what is below.
 */
interface Stroke {
  hole?: boolean;
  colour: string;
  width: number;
  mirror: boolean;
  points: [number, number, number][];
}

/** What lies below the strokes. row: of an example; truth: what that one should become. */
interface DrawingBase {
  picture: CanvasImageSource;
  smooth: boolean;
  row?: number;
  truth?: ImageData;
}

interface DrawingPage {
  base: DrawingBase | null;
  strokes: Stroke[];
}

interface DrawingBoard {
  begin(size: number, page: DrawingPage, paper?: string): void; // anew, for a network of that size; white without a colour
  change(part: Partial<DrawingPage>): void;
  undo(): void;
  redo(): void;
  can(): { undo: boolean; redo: boolean };
  page(): DrawingPage;
  isBlank(): boolean; // whatever holes there are
  hasHoles(): boolean;
  pixels(): Uint8Array<ArrayBuffer>; // RGB at the network's size, without the holes
  mask(): Uint8Array<ArrayBuffer>; // at that size, 1 in a hole
}

interface ToldChoice {
  build(names: string[], offered: number[][]): void;
  show(told: number[]): void; // without telling anyone
}

interface ManyTranslations {
  follow(about: KnownTranslator, to: string): void;
  reroll(about: KnownTranslator, to: string): void;
}

interface DrawingWalk {
  keep(): void;
  toggle(): void;
  stop(): void;
  clear(): void;
  pictures(): Uint8Array[];
  timing(): { frames: number; fps: number };
}

// ---- Pictures that are found

/** What the page must know of a model that finds pictures. grey: its pictures are light on dark. */
interface KnownEditable extends KnownModel {
  grey: boolean;
}

/** count, kind: of pictures to begin with. tasks: what a picture can lose. usual: decibels of real pictures. */
interface EditDescription extends ModelDescription {
  count: number;
  kind: string;
  tasks: string[];
  usual: number | null;
}

/** Pictures row by row in one PNG, as a data URL. */
interface PictureSheet {
  size: number;
  count: number;
  columns: number;
  sheet: string;
}

/** As `gan.ui.server.finding.FoundPicture.reply` returns it. */
interface FoundReply {
  latent: number[];
  label: Label;
  offsets: string | null;
  film: PictureSheet;
  decibels: number[]; // of each frame
  far: string;
  waited: number;
}

/** picture: base64 of RGB at the model's size. */
interface FindPayload {
  model: string;
  picture: string;
}

interface EditServer extends ModelFinder, PackServer {
  describe(payload: { model: string }): Promise<Reply<EditDescription>>;
  example(payload: { model: string; row: number }): Promise<Reply<PackedImages & { named: string }>>;
  glance(payload: FindPayload): Promise<Reply<FoundReply>>;
  find(payload: FindPayload): Promise<Reply<FoundReply>>;
  /** before: how many pictures come before the visitor's; null where none waits. */
  line(payload: {}): Promise<Reply<{ before: number | null }>>;
  picture(payload: PictureRequest): Promise<Reply<PackedImages>>;
  grid(payload: GridRequest): Promise<Reply<PackedImages>>;
  damage(payload: RestorePayload): Promise<Reply<PackedImages>>;
  restore(payload: RestorePayload): Promise<Reply<RestoreReply>>;
  known_parts(payload: { model: string }): Promise<Reply<{ names: string[] }>>;
  /** labels: base64 of a byte a pixel, 255 where nobody painted. */
  teach(payload: {
    model: string;
    names: string[];
    painted: { seed: number; labels: string }[];
  }): Promise<Reply<{ parts: string }>>;
  read(payload: FindPayload): Promise<Reply<ReadReply>>;
  /** gone: the parts must be taught again. */
  colour(payload: ColourPayload & { follows: boolean }): Promise<Reply<PackedImages & { gone: boolean }>>;
}

/** As `gan.ui.server.reading.read` returns it. */
interface ReadReply {
  classes: [name: string, share: number][] | null;
  by: string;
  nearest: { pictures: PictureSheet; decibels: number[]; kind: string; count: number; growing: boolean } | null;
  judge: { damage: number; made: number; figures: { damage?: number; made?: number }; evidence: number[][] } | null;
  logit: { value: number; above: number; made: number | null };
}

/** parts: as `teach` named them; null for those that are known. */
interface ColourPayload {
  model: string;
  parts: string | null;
  states: object[];
}

/** follow: the picture is another one. renew: so is the model. */
interface PartsPanel {
  follow(): void;
  renew(): void;
}

/** mask: base64, 1 in a hole, of the task "hole". */
interface RestorePayload extends FindPayload {
  task: string;
  mask: string | null;
}

/** As `gan.ui.server.restoring.restore` returns it. */
interface RestoreReply {
  film: PictureSheet;
  answers: PictureSheet;
  tool: PictureSheet;
  decibels: number[];
  tool_decibels: number;
}

/** follow: another picture, or other holes. */
interface RestorePanel {
  build(tasks: string[]): void;
  follow(): Promise<void>;
  fill(): void; // the holes, where that is seen
}

interface SearchFilm {
  show(frames: ImageData[]): void; // plays it
  replay(): void;
  stop(): void;
  last(): void; // the slider goes to the end, and whoever asks paints
  end(): void; // its last picture
  clear(): void;
}

interface NamedSliders {
  build(names: readonly string[], kinds: readonly string[]): boolean; // whether they are others now
  offer(acting: readonly boolean[] | null): boolean; // dims what does nothing in the picture; whether that changed
  rows(): SliderRow[];
  acting(): [number, SliderRow][]; // those that do something, and which they are
}

// ---- A page without a server

/** What `gan.ui.site` writes into it. workers: the texts of their scripts; menus: of the Train tab. */
interface SiteContents {
  tabs: string[];
  workers: Record<"worker" | "trainer", string>;
  menus: TrainMenus;
  models: Record<string, { about: ModelDescription; pack: SitePack }>;
  translators: Record<string, SiteTranslator>;
}

type SitePack = { address: string; bytes: number; squeezed: true };

/** A translator on it. examples: how many of each side; at: where they are, RGB of one side after the other. */
interface SiteTranslator extends TranslatorDescription, KnownTranslator {
  paired: boolean; // examples of both sides in a row show the same
  pack: SitePack;
  at: SitePack | null;
}

type SiteServer = ExploreServer & InterpolateServer & Required<Pick<PackServer, "progress">>;

// ---- Training

type Numbers = Int16Array | Uint8Array;

/** data: in base64 where the server sent it. */
interface PackedArray {
  shape: number[];
  type: "int16" | "uint8";
  data: string | Numbers;
}

type NumberArray = { shape: number[]; data: Numbers };
type NumberArrays = Record<string, NumberArray>;
type Measurements = Record<string, any>;

interface View {
  arrays: Record<string, PackedArray>;
  numbers: Measurements;
}

interface Moment {
  number: number;
  shown: number; // real images or points shown so far
  steps: number;
  seconds: number;
  sides: View[];
}

interface CurvePoint {
  number: number;
  shown: number;
  sides: Measurements[];
}

/** Something to try against an alarm: in words, and as changed settings. */
interface Cure {
  words: string;
  changes: Record<string, any>;
}

interface Alarm {
  side: number;
  shown: number;
  message: string;
  answered: boolean; // settings of its side were changed since
  cures: Cure[];
}

interface News {
  place: number; // in the queue; 0 once it trains
  wait?: number; // seconds that it waits for a place, at most
  paused: boolean;
  notice: string | null;
  done: boolean;
  error: string | null;
  why: string | null;
  alarms: Alarm[];
  sides: Record<string, any>[]; // the settings of each
  kept?: [number, number][]; // number and images shown of each moment that can be gone back to
  moment?: Moment;
  backdrop?: View;
  curve?: CurvePoint[];
}

interface TrainSetting {
  name: string;
  kind: string;
  live: boolean;
  help: string;
  choices?: string[];
}

/** What is learnt, as `gan.live.lesson.KINDS` has it. */
type DataKind = "points" | "pictures" | "translations";

/** As `gan.live.lesson.Story` has it. */
interface Story {
  setup: string;
  question: string;
  answers: string[];
  right: number;
  expect: string;
  watch: string[];
  why: string;
  cure: Cure | null;
  then: string;
  steps: Record<string, number>;
  cured: Record<string, number>;
  pace: number;
}

/** What a run teaches: on which data set, and what is told beside it. */
interface TaughtLesson {
  dataset: string;
  title: string;
  story: Story;
  measured: string[]; // numbers that its runs have, whatever their settings
}

interface TrainMenus {
  presets: Record<string, { title: string; stories: Partial<Record<DataKind, Story>>; except_on: string[] }>; // on what they are taught
  data: Record<DataKind, Record<string, string>>;
  measured: Record<string, string[]>; // by a data set or, where it has no name, by its kind
  previews: { names: string[]; sheet: string }; // sheet: the address of a picture with a row of 32 pixels for each
  settings: Record<DataKind, TrainSetting[]>;
  upload: UploadLimits | null; // null where no pictures can be learnt
  local: PlaneAbout; // of runs in the browser
}

/** What may be sent: bytes and pictures in all, and the shorter side in pixels that is of use. */
interface UploadLimits {
  bytes: number;
  files: number;
  side: number;
}

interface Upload {
  name: string;
  data: string;
}

interface TrainRequest {
  dataset: string;
  seed: number;
  sides: { preset: string; changes: Record<string, any> }[];
  files?: Upload[];
  source_files?: Upload[]; // set A, where files are set B
}

interface UploadSlot {
  files(): Upload[]; // empty until they are prepared
  preparing(): boolean;
  show(shown: boolean): void;
}

interface ExportedMoment {
  run: string;
  number: number;
  side: number;
}

interface TrainServer {
  about(payload: {}): Promise<Reply<TrainMenus>>;
  preset(payload: { preset: string; dataset: string }): Promise<Reply<{ settings: Record<string, any> }>>;
  begin(payload: TrainRequest): Promise<Reply<{ run: string; notes?: string[] }>>;
  fork(payload: { run: string; number: number }): Promise<Reply<{ run: string; shown: number }>>;
  news(payload: { run: string; after: number }): Promise<News | { error: string; busy?: undefined } | Busy>;
  moment(payload: { run: string; number: number }): Promise<Reply<Moment>>;
  ask(payload: { run: string; what: string; [option: string]: any }): Promise<Reply<{}>>;
  film(payload: { run: string; kind: string }): Promise<Reply<ServerFile>>;
  take(payload: ExportedMoment): Promise<Reply<ServerFile>>;
  open(payload: ExportedMoment): Promise<Reply<KnownModel | KnownTranslator>>;
  reopen(payload: { files: Upload[] }): Promise<Reply<KnownModel | KnownTranslator>>;
}

/** What trains in the browser. check: why a plan cannot be trained there, as `error`. */
interface LocalTraining extends TrainServer {
  check(payload: TrainRequest): Promise<Reply<{}>>;
}

interface Plan {
  data: string;
  presets: string[];
  duel: boolean;
  changes: Record<string, any>[];
  side: number; // whose settings are shown
}

interface SharedPlan extends Omit<Plan, "side"> {
  seed: number;
  ink: string | null;
}

interface TrainPlan {
  render(): void;
  renderSettings(): Promise<void>;
  kind(): DataKind; // of the data that is planned
  lesson(): TaughtLesson | null; // null in a duel
  missing(): string; // what is missing before this can be trained, or ""
  request(): TrainRequest;
  load(text: string | null): void; // a shared plan, if it is one
}

interface FollowedRun {
  id: string;
  origin: string; // the run that it was forked of, "" for none
  notes: string; // what was said when it began
  lesson: TaughtLesson | null;
  pace: number; // seconds between steps, at least
  said: { trouble: string; news: string };
  place: number; // in the queue; 0 once it trains
  wait?: number; // seconds until it does, at most
  after: number; // the newest moment that arrived
  curve: CurvePoint[];
  kept: [number, number][];
  alarms: Alarm[];
  sides: Record<string, any>[];
  paused: boolean;
  done: boolean;
  viewing: number | null; // the moment of the past on screen, or null while the newest is
  backdrop?: View;
  newest?: Moment;
  shown?: Moment;
}

interface TrainRun {
  /** notes: to tell the visitor with it. origin: the run that it was forked of. lesson: that of the run before if left out. */
  follow(id: string, options?: { notes?: string; origin?: string; lesson?: TaughtLesson | null }): void;
  render(): void;
  renderLayers(): void;
  command(what: string, options?: Record<string, any>): Promise<boolean>; // true if the server obeyed
  id(): string | undefined;
  exported(): ExportedMoment; // the moment on screen, and of a duel the side chosen for exports
  sides(): Record<string, any>[] | null; // the settings of each side while it trains
}

interface RunScreen {
  note(text: string): void; // what stands on the stage while it is empty
  draw(): void;
  renderLayers(): void;
  side(): number;
  clear(): void;
  /** large: the number that is shown elsewhere, and large. */
  show(moment: Moment, backdrop: View, titles: string[], large?: string): void;
}

interface Stage {
  draw(): void;
  setTitle(text: string): void;
  show(backdrop: View, view: View): void;
}

interface Readout {
  aside?: boolean;
  title: string;
  help: string;
  format(value: number, numbers: Measurements): string;
  share?(value: number, numbers: Measurements): number;
  note?(numbers: Measurements): string;
}

type PixelMark = (image: ImageData, to: number, from: number) => void;

// ---- Shared helpers

interface Notifier {
  problem(text: string): void; // an alert; "" takes it away
  status(text: string): void; // what has happened
  recovered(): void; // takes away what was said only because the server did not answer
}

interface LatestRequestOptions<Payload, Result> {
  send(payload: Payload): Promise<Reply<Result>>;
  show(reply: Result, payload: Payload): void;
  announce?(text: string): void; // a sentence for the visitor, "" when all is well again
  limit?: number; // calls that run at once at most, so that latency does not throttle the rate
  painted?(ms: number): void;
  counted?: boolean; // false keeps it out of the painted frames and latencies of `latentLab.stats`
}

interface LatestRequest<Payload> {
  newest: { payload: Payload } | null;
  request(payload: Payload): void;
}

interface StateHistory {
  readonly past: unknown[];
  readonly future: unknown[];
  settle(state: PictureState): boolean; // true when it differs from the last
  undo(): PictureState | null;
  redo(): PictureState | null;
}

interface LatentLab {
  /** From the page's head; see `gan.ui.assets`. */
  controls: Control[];
  worker: string; // address of the script that draws, or of none
  site?: SiteContents; // where there is no server
  trainer: string; // address of the script that trains points, or of none
  below?: Record<string, string>; // HTML of a tab that comes with its scripts
  tabScripts?: Record<string, string>; // addresses of the scripts of tabs that come later than the rest
  words: Record<string, string>; // plain words for the names of attributes
  /** What `engine/latent.mjs` knows of a seed. */
  seeds: {
    latentOf(seed: number, size: number): Float32Array;
    classesOf(seed: number, about: Pick<EngineConfig, "classes" | "groups">): number[];
  };

  // shared/
  stats: {
    running: number;
    asked: number;
    painted: number;
    late: number;
    busy: number;
    failed: number;
    frames: number; // moments of a run that arrived
    latencies: number[];
  };
  /** Numbers as the page writes them: 1,234; "1 step" and "2 steps"; 12 %; three digits; "2nd". */
  whole(value: number): string;
  count(value: number, noun: string): string;
  percent(value: number): string;
  measured(value: number): string;
  ordinal(value: number): string;
  createElement<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    attributes?: Record<string, string | number>,
    ...children: (Node | string)[]
  ): HTMLElementTagNameMap[K];
  /** A function that returns the first element below `root` that matches, and throws where none is of that type. */
  finder(root: ParentNode): {
    (selector: string): HTMLElement;
    <T extends Element>(selector: string, type: { new (): T }): T;
  };
  /** The element that matches around what an event happened to, or null. */
  closest(event: Event, selector: string): HTMLElement | null;
  closest<T extends Element>(event: Event, selector: string, type: { new (): T }): T | null;
  /**
   * The server's functions, each of which ends: with a reply, with the sentence of a refusal as `error`, with `busy`, or,
   * where no reply came in time, by throwing.
   */
  calls<Server extends object>(server: Server): Server;
  /** Start a tab with the server's functions, once its scripts are there. */
  begin(tab: string, element: HTMLElement, server: object): Promise<void>;
  /** The value of a CSS custom property. */
  colour(name: string): string;
  rgb(name: string): number[];
  notices: {
    busy: string;
    lost: string;
    error(text: string): string;
    /** A note of the server's, which begins small and has no end, as a sentence. */
    sentence(text: string): string;
    /** Why the server does what the browser was to do; "" on a page without one. */
    serverDoes(what: string, why: string): string;
  };
  notifier(root: ParentNode): Notifier;
  /**
   * Call until the server is not busy; an error after ten tries. A lost connection counts as a try, but ends a call
   * that is not repeatable: the server may have done the work, and would do it again.
   */
  callWithRetry<T>(
    call: () => Promise<Reply<T>>,
    announce: (text: string) => void,
    options?: { repeatable?: boolean },
  ): Promise<Answer<T>>;
  /**
   * How many calls to have under way after a reply of a certain age, ms, of which it waited for its turn: one more for
   * each frame that passes on the way, so that distance does not cost frames; two where it waited longer than all the
   * rest took, one that is drawn and one in line, because more would only wait behind each other. Changes by one a
   * reply; never above `most`.
   */
  callsUnderWay(now: number, age: number, waited: number, most: number): number;
  /**
   * Requests of which the newest is always shown in the end. Replies older than the one shown are dropped; a busy
   * server or a broken connection is tried again, with growing pauses.
   */
  LatestRequest: { new <Payload, Result>(options: LatestRequestOptions<Payload, Result>): LatestRequest<Payload> };
  /** A function to call with the time of a change that has just been drawn; `painted` gets the ms until it was seen. */
  paintTimer(painted: (ms: number) => void): (time: number) => void;
  latencyMeter(box: HTMLElement): (ms: number) => void;
  decodeImages(images: PackedImages): ImageData[];
  context(canvas: HTMLCanvasElement, options?: CanvasRenderingContext2DSettings): CanvasRenderingContext2D;
  /** RGB bytes as a picture. */
  imageOf(pixels: Uint8Array, size: number): ImageData;
  base64(bytes: Uint8Array): string;
  STAGE_MOST: number; // how many times its own size a picture on a stage has at most
  /** Paint at native size; CSS enlarges it with square pixels. */
  paint(canvas: HTMLCanvasElement, image: ImageData): void;
  /**
   * Enlarge a canvas of `size` pixels to fill its box by a whole number of device pixels a pixel, at most `times`, 5 if
   * none is given. most: the share of a large window's height that it may take.
   */
  enlarge(canvas: HTMLCanvasElement, size: number, most?: number, times?: number): void;
  /** Save what a canvas shows as a PNG, `scale` times as large: smooth where it looks smooth, else each pixel a square. */
  saveCanvas(canvas: HTMLCanvasElement, scale: number, name: string, tell: (text: string) => void): void;
  saveFile(file: ServerFile): void;
  saveBlob(blob: Blob, name: string): void;
  zip(files: { name: string; bytes: Uint8Array<ArrayBuffer> }[]): Blob;
  /** The pictures that this visitor keeps; the window hears of changes by the event `latentlab:kept`. */
  kept: KeptPictures;
  /** Kept pictures from JSON that anyone may have written; those that make no sense are left out. */
  parseKept(text: string | null): KeptPicture[];
  /** Copy a link; the button says so for a moment. Where the browser does not allow it, the link is announced. */
  copyLink(link: string, announce: (text: string) => void, button: HTMLElement, copied?: string): Promise<void>;
  /** Copy the link to a drawing; say what it leaves out: a picture of the visitor's own, strokes that do not fit in. */
  copyDrawingLink(
    link: string,
    page: DrawingPage,
    isDrawn: boolean, // whether the link holds the strokes
    announce: (text: string) => void,
    button: HTMLElement,
  ): Promise<void>;
  /** Undo and redo by keyboard while `element` is in view, except where someone is typing text. */
  /** Make the buttons in a box, those to come as well, one tab stop. stopAt: at which it is, or at the first. */
  tileGrid(box: HTMLElement): { stopAt(tile?: Element | null): void };
  bindUndo(element: HTMLElement, actions: { undo(): void; redo(): void }): void;
  /** Single keys while an element is in view and nobody types; but for "?" they can be turned off. */
  bindLetters(element: HTMLElement, actions: Record<string, () => void>): void;
  /** Whether single letters work; on: whether they are to. */
  letterKeys(on?: boolean): boolean;
  radioChips(
    box: HTMLElement,
    name: string,
    entries: readonly (readonly [value: string, text: string])[],
    chosen: string | null,
    choose: (value: string) => void,
  ): void;
  checkChips(
    box: HTMLElement,
    name: string,
    entries: readonly (readonly [value: string, text: string])[],
    choose: (value: string, on: boolean) => void,
  ): void;
  /** name: of the inputs; choose: told what the visitor wishes for. */
  classChoice(
    box: HTMLFieldSetElement,
    options: { name: string; caption: string; choose: (label: Label) => void },
  ): ClassChoice;
  /**
   * A row with a range input over a control's range. `moved` runs while it is dragged, `settled` when it is let go; a
   * double-click, Delete or Backspace sends it back to the default.
   */
  slider(options: SliderText & { control: SliderRange; moved(value: number): void; settled(): void }): SliderRow;
  History: { new (): StateHistory };
  randomSeed(): number;
  /** Digits after the point with which values of that step are written. */
  decimals(step: number): number;
  codecs: Record<ControlKind, ControlCodec>;
  completeState(partial: PartialState, controls: Control[]): PictureState;
  /** The state that Explore's part of an address asks for. Anyone may have written it; the model may not exist. */
  parseState(part: AddressPart, controls: Control[]): PictureState;
  /** The part of the address for a state; defaults are left out. */
  formatState(state: PictureState, controls: Control[]): AddressPart;
  /** A wish cut to what a model has; null where nothing is left. */
  fitLabel(label: Label, about: KnownClasses): Label;
  /** A state cut to what a model has. */
  fitState(state: PictureState, about: ModelDescription, controls: Control[]): PictureState;
  isTab(name: string): boolean;
  /** The entries that belong to a tab; those without text are left out. */
  tabPart(tab: string, entries: Iterable<readonly [key: string, text: string]>): AddressPart;
  /** The tab that a query string belongs to, and that tab's part of it. Anyone may have written it. */
  parseAddress(query: string): { tab: string; part: AddressPart };
  /** The query string of a tab: its part, after those keys of `query` that belong to no tab. */
  formatAddress(tab: string, part: AddressPart, query?: string): string;
  /** What remains of a tab's part once another model is chosen. */
  withModel(tab: string, part: AddressPart, model: string): AddressPart;
  /** For a tab that has just been mounted. restore: called whenever it is to show what it does not show yet. */
  tabAddress(name: string, restore: (part: AddressPart) => void): TabAddress;
  /** Show a tab as soon as its button is there, and what was last shown in it. */
  showTab(name: string): void;
  openExplore(state: PartialState): void;
  openTranslate(model: string): void;
  /** Show the film of Interpolate with one more keyframe: a picture's part of an address. */
  addKeyframe(picture: AddressPart): void;
  /** Show what the page's address says, now and whenever the visitor goes back or forward. */
  followAddress(): void;
  sessionModels: KnownModel[];
  addSessionModel(model: KnownModel): void;
  /** What a model of this visitor's is called in a list that has others already. */
  openedName(model: string, others: string[]): string;
  /** All models by name: those that the server offers, as JSON, and those of this browser tab, which join the list. */
  knownModels(offered: string, list: HTMLSelectElement): Map<string, KnownModel>;
  /** Offer a model that a link names and the page does not know; `gone` says why it cannot be shown, "" if it can. */
  findModel(server: ModelFinder, model: string, announce: (text: string) => void): Promise<Answer<{ gone: string }>>;
  /** What the visitor should know where another model is shown than the one that is gone. */
  instead(gone: string, model: string): string;
  /** Call `add` for every model made so far, and for each made later. */
  forEachSessionModel(add: (model: KnownModel) => void): void;
  header(element: HTMLElement): void;
  /** Use the first element that matches as soon as there is one, within some seconds. */
  whenThere(selector: string, use: (element: HTMLElement) => void, deadline?: number): void;
  /** The button of a tab, or null. */
  tabButton(name: string): HTMLElement | null;
  /** The tab whose button was clicked, or null. */
  clickedTab(event: Event): string | null;
  /** Let arrow keys go through the row of tabs. */
  tabRow(row: HTMLElement): void;
  /**
   * Find a place for the focus in a tab that is about to be shown, if the tab that goes had it. leaveRow: or if the row
   * of tabs has it, as after going back to a tab whose own place is remembered.
   */
  keepFocus(tab: string, leaveRow?: boolean): void;
  /** Let a finger that scrolls the page leave sliders as they were. */
  guardSliders(): void;

  /** Whether pictures are enlarged smoothly: as the visitor has chosen, or as a model has it. */
  isSmooth(byDefault: boolean): boolean;
  chooseLook(look: string): void; // "smooth" or "pixels"
  /** Keep an element and its switch, where it has one, as is chosen; call what it returns when the default changes. */
  followLook(root: Element, byDefault: () => boolean): () => void;
  /** Enlarge an opaque picture by bicubic interpolation. */
  enlargeSmoothly(image: ImageData, width: number, height: number): ImageData;
  /** Lay a smooth view over a canvas, to be drawn anew after each change of it; it is seen where pictures are smooth. */
  smoothView(canvas: HTMLCanvasElement): () => void;
  /** Whether the visitor's system asks for little motion. */
  reducedMotion(): boolean;
  /** Frames while they are wanted and the element is seen; tick: told how many seconds have passed. */
  whileSeen(element: Element, tick: (seconds: number) => void): { run(on: boolean): void };
  sliderWords(name: string): string;
  /** The indices of names in the order in which they are offered. */
  inOrder(names: readonly string[]): number[];

  // explore/named-sliders.js
  /** The sliders that give way to a slider: other kinds of the same. */
  rivals(kinds: readonly string[], i: number): number[];
  /** boxes: of the few that say most, and of the others. */
  namedSliders(
    control: Control,
    boxes: [HTMLElement, HTMLElement],
    options: { moved(value: number, i: number): void; settled(): void },
  ): NamedSliders;

  // board/
  /** A visitor's own picture, chosen, dropped or pasted into an element. background: behind what is transparent. */
  ownPictures(
    element: HTMLElement,
    options: { background: string; take(picture: HTMLCanvasElement): void; problem(text: string): void },
  ): { choose(): void };

  // edit/
  edit(element: HTMLElement, server: EditServer): void;
  cutSheet(sheet: PictureSheet): Promise<ImageData[]>;
  /** box: with a range input and an output. caption: of a frame. shown: told whether the last one is. */
  searchFilm(
    canvas: HTMLCanvasElement,
    options: { box: HTMLElement; caption(i: number): string; shown(last: boolean): void },
  ): SearchFilm;
  /** Numbers in half precision, from base64. */
  decodeHalves(text: string): Float32Array;
  /** What was found as a state of Explore, with `offsets` for the engine and `packed` for the server besides. */
  foundState(model: string, found: Pick<FoundReply, "latent" | "label" | "offsets">, controls: Control[]): PictureState;
  /** The same as it is sent to the server. */
  sentState(state: PictureState): PictureState;
  /** half: erases the lower half. take: an answer becomes the picture. */
  restorePanel(
    box: HTMLElement,
    server: Pick<EditServer, "damage" | "restore">,
    options: {
      request(task: string): RestorePayload | null;
      image(): ImageData | null;
      holes(): boolean;
      half(): void;
      take(picture: HTMLCanvasElement): void;
      problem(text: string): void;
    },
  ): RestorePanel;
  /** follow: the picture is another one. */
  whatPanel(
    box: HTMLElement,
    server: Pick<EditServer, "read">,
    options: { request(): FindPayload | null; image(): ImageData | null; problem(text: string): void },
  ): { follow(): Promise<void> };
  /** Labels of parts, a byte each, as colours; transparent where nobody painted. */
  partColours(labels: Uint8Array, size: number): ImageData;
  /** grid: samples of seeds, null where that went wrong. sized: called when the view over the picture is another size. */
  partsPanel(
    element: HTMLElement,
    server: Pick<EditServer, "known_parts" | "teach" | "colour">,
    options: {
      model(): string;
      size(): number;
      state(): PictureState | null;
      grid(seeds: number[]): Promise<ImageData[] | null>;
      sized(): void;
      problem(text: string): void;
    },
  ): PartsPanel;
  /** A byte a pixel, from base64. */
  unpackMask(text: string): Uint8Array;
  /** Decibels as the share of black to white by which pixels are off: "10 %". */
  percentOff(decibels: number): string;
  nearness(decibels: number, usual: number | null): string;

  // engine/
  /** Tasks for the worker of a script, which starts with the first; work: what it does, in words, for where it cannot. */
  workerCalls(
    address: string,
    work: string,
  ): (task: string, request: object, transfer?: Transferable[]) => Promise<any>;
  /** A worker that draws; address: of its script. It starts with the first task. */
  engine(address: string): Engine;
  /** Fetch a model's weights, unless that is done; why it went wrong, or "". again: ms until it is tried once more. */
  loadPainter(model: string, server: PackServer, again?: number): Promise<string>;
  /** Weights in base64, by address, that a script beside a page opened as a file has just brought. */
  packs: Map<string, string>;
  /** address: a file's, or `#` and the id of an element of the page that holds them in base64. */
  bringPack: BringPack;
  /** Undo gzip, and what makes weights smaller for it: first all even bytes, then all odd ones. */
  inflatePack(file: ArrayBuffer): Promise<ArrayBuffer>;
  painterState(model: string): PainterState;
  /** Pictures that this browser draws itself; null where it cannot, or not yet. */
  drawHere(model: string, states: PictureState[]): Promise<ImageData[] | null>;
  /** The server's functions that draw, done here for models whose weights are there. */
  paintPictures(server: Pick<ExploreServer, "picture" | "grid">): Pick<ExploreServer, "picture" | "grid">;
  paintTranslations(server: Pick<TranslateServer, "translate">): {
    translate(request: TranslationRequest): Promise<Reply<PackedImages>>;
  };
  packTranslation(request: TranslationRequest): SentTranslation;
  paintWalks(server: Pick<InterpolateServer, "walk">): Pick<InterpolateServer, "walk">;

  // film/
  /** In whole units, `perSecond` of them a second. */
  delays(count: number, fps: number, perSecond: number): number[];
  /** At most 256 colours, 0xrrggbb, and for each pixel which of them it has. */
  quantize(image: ImageData): { palette: number[]; indices: Uint8Array };
  compressLzw(indices: Uint8Array): Uint8Array<ArrayBuffer>;
  joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
  /** scale: each pixel becomes a square of that side, or, smooth, they are enlarged by bicubic interpolation. */
  encodeGif(frames: ImageData[], fps: number, scale: number, smooth: boolean): Promise<Uint8Array<ArrayBuffer>>;
  encodeWebp(frames: ImageData[], fps: number, scale: number, smooth: boolean): Promise<Uint8Array<ArrayBuffer>>;
  /** A film of frames of one size, enlarged as the server enlarges; kind: "gif" or "webp". */
  encodeFilm(
    kind: string,
    frames: ImageData[],
    fps: number,
    smooth: boolean,
  ): Promise<Pick<ServerFile, "mime" | "data">>;
  /** Turn off the buttons for kinds of films that this browser cannot write. */
  offerFilms(root: ParentNode): void;

  // gallery/
  gallery(element: HTMLElement, server: ExploreServer): void;
  /** The first screen. load: fetches the weights, with which the picture can drift. */
  hero(root: HTMLElement, server: ExploreServer): { load(): Promise<void> };
  livingPicture(
    canvas: HTMLCanvasElement,
    options: {
      server: ExploreServer;
      model: string;
      seed: number;
      named: string[];
      swaying: number[]; // the sliders that drift
      axes: { index: number; sign: number }[]; // the sliders that follow the pointer, across and up
      moved(values: number[]): void;
      painted(): void;
    },
  ): LivingPicture;
  ringFilm(box: HTMLElement, film: RingFilm): { play(on: boolean): void };

  // explore/
  explore(element: HTMLElement, server: ExploreServer): void;
  controlPanel(
    element: HTMLElement,
    controls: Control[],
    on: {
      moved(control: Control, value: Label, i?: number): void; // i: which of the control's sliders
      settled(): void;
      state(): PictureState | null;
      named: { of(i: number): string; changed(i: number, name: string): void }; // names given to directions
    },
  ): ControlPanel;
  SLIDER_END: number;
  /** random: as Math.random. */
  createDrift(random?: () => number): Drift;
  /** Record what a canvas shows, for as long as there is room; changed: told after each frame. */
  recorder(canvas: HTMLCanvasElement, changed: () => void): Recorder;
  /** The value of a slider for a knob turned to 0 to 127. */
  knobValue(turned: number, range: Omit<SliderRange, "default">): number;
  /** Let knobs move the sliders below an element that have a key. list: of knobs that are known. */
  midiKnobs(
    element: HTMLElement,
    parts: { list: HTMLElement; learn: HTMLButtonElement; say(text: string): void },
  ): { render(): void };
  GROUP_COLOURS: string[];
  /** The plane through three states of one model. Of which class a place is, and what else no sum can be made of, the nearest says. */
  planeOfThree(states: PictureState[], about: ModelDescription): Plane;
  /** The plane of two sliders around a state in which they are at 0. */
  planeOfSliders(state: PictureState, axes: [across: PlaneAxis, up: PlaneAxis]): Plane;
  /** draw: one picture for each state, or null where that went wrong. ready: whether this browser draws. */
  mapView(
    canvas: HTMLCanvasElement,
    on: {
      draw(states: PictureState[]): Promise<ImageData[] | null>;
      chosen(state: PictureState): void;
      reached(words: string): void;
      ready(): boolean;
    },
  ): MapView;
  mapPanel(
    root: HTMLElement,
    on: {
      state(): PictureState | null;
      about(): ModelDescription | null;
      names(): string[]; // that the visitor gave to directions
      acting(): number[]; // the named directions that do something in the picture
      smooth(): boolean;
      draw(states: PictureState[]): Promise<ImageData[] | null>;
      take(state: PictureState): void;
    },
  ): MapPanel;
  playPanel(
    root: HTMLElement,
    on: {
      element: HTMLElement; // whose sliders knobs can have
      canvas: HTMLCanvasElement;
      state(): PictureState | null;
      moved(lists: Record<string, number[]>): void;
      settled(): void;
      movable: ControlPanel["movable"];
      smooth(): boolean;
      status(text: string): void;
    },
  ): PlayPanel;
  mixPanel(
    root: HTMLElement,
    controls: Control[],
    on: { moved(control: Control, value: number): void; settled(): void; state(): PictureState | null },
  ): MixPanel;
  keptStrip(
    root: HTMLElement,
    on: {
      open(one: KeptPicture): void;
      compare(one: KeptPicture): void;
      smooth(): boolean;
      status(text: string): void;
      changed(count: number): void; // so many are kept
    },
  ): { show(): void }; // goes to the newest
  saveKeptGrid(list: KeptPicture[], smooth: boolean): Promise<void>;
  saveKeptZip(list: KeptPicture[]): Promise<void>;
  saveKeptList(list: KeptPicture[]): void;
  compare(
    dialog: HTMLDialogElement,
    pictures: { shown: Compared; other: Compared; about: ModelDescription | null; smooth: boolean },
  ): void;
  /** Fill the dialog of shortcuts; returns what opens it. */
  shortcutList(dialog: HTMLDialogElement, entries: [keys: string[], does: string][]): () => void;
  /** name: of the control whose sliders they are. reach: as in `SliderText`. Calls are drawn once there are no more. */
  sliderEnds(name: string, reach: number): (state: PictureState, rows: [number, SliderRow][]) => void;
  /** Names of directions as an address has them; anyone may have written it. */
  parseNames(text: string | undefined): string[];
  formatNames(names: readonly string[]): string;
  nameField(options: {
    name: string;
    hint: string;
    label: string; // of what is named
    changed(name: string): void;
  }): HTMLInputElement;
  otherSeeds(
    element: HTMLElement,
    server: Pick<ExploreServer, "grid">,
    announce: (text: string) => void,
    adopt: (seed: number) => void,
  ): OtherSeeds;
  /** position: where a drag starts from, null while there is no picture. moved: where it has come to. */
  dragPad(
    canvas: HTMLCanvasElement,
    on: { position(): [number, number] | null; moved(x: number, y: number): void; settled(): void },
  ): void;

  // interpolate/
  interpolate(element: HTMLElement, server: InterpolateServer): void;
  keyframes(
    root: HTMLElement,
    options: { keys: WalkKey[]; most: number; control: Control; changed(): void; chosen(k: number): void },
  ): Keyframes;
  /** moved: called with every frame painted. */
  player(root: HTMLElement, moved: (frame: number) => void): Player;
  /** The walk that Interpolate's part of an address asks for; its model may not exist, nor have its class. */
  parseWalk(part: AddressPart, rules: WalkRules): Walk;
  /** The part of the address for a walk; defaults are left out. */
  formatWalk(walk: Walk, rules: WalkRules): AddressPart;
  /** Interpolate's part of an address with a picture of Explore as one more keyframe, in place of the last of too many. */
  firstWalk: number[];
  withKeyframe(part: AddressPart, picture: AddressPart): AddressPart;
  decodeSheet(sheet: Sheet): Promise<Film>;
  /** Paint a cell at its native size, or into a box [x, y, width, height]. */
  drawCell(film: Film, index: number, canvas: HTMLCanvasElement, box?: [number, number, number, number]): void;
  drawFilmstrip(canvas: HTMLCanvasElement, ticks: HTMLElement, film: Film, loop: boolean): void;
  /** The frame, perhaps a fraction, at which keyframe `k` of `keys` is reached. */
  keyframePosition(k: number, keys: number, frames: number, loop: boolean): number;
  /** The keyframe within half a frame of `frame`, or -1. */
  keyframeNear(frame: number, keys: number, frames: number, loop: boolean): number;
  /** The frame on screen `ms` after `frame` was, for a film that repeats. */
  frameAfter(frame: number, ms: number, rate: number, frames: number): number;
  /** The nearest frame, of a film that repeats. */
  wrapFrame(frame: number, frames: number): number;
  /** The frame of a film of `to` frames at the place of `frame` in one of `from`. */
  rescaleFrame(frame: number, from: number, to: number): number;

  // translate/
  translate(element: HTMLElement, server: TranslateServer): void;
  /** Places on a side of the page, for the points of strokes. */
  STROKE_GRID: number;
  /** Strokes as text for an address; null where they are too long for one. */
  encodeStrokes(strokes: Stroke[]): string | null;
  /** As many as the text holds; anyone may have written it. */
  decodeStrokes(text: string): Stroke[];
  /**
   * tool: what the next stroke is drawn with. drawn: called with every piece of one, settled: once it has ended. smooth:
   * whether a picture below is shown smooth; what the network sees is the same.
   */
  drawingBoard(
    canvas: HTMLCanvasElement,
    on: {
      tool(): Omit<Stroke, "points">;
      drawn(): void;
      settled(): void;
      smooth(): boolean;
      holes?: HTMLCanvasElement;
    },
  ): DrawingBoard;
  formatTold(told: number[] | null): string;
  parseTold(text: string, count: number): number[] | null;
  toldChoice(box: HTMLElement, on: { moved(told: number[]): void; settled(): void }): ToldChoice;
  manyTranslations(
    box: HTMLElement,
    server: Pick<TranslateServer, "grid">,
    on: { most: number; problem(text: string): void; adopt(row: number): void },
  ): ManyTranslations;
  drawingWalk(
    element: HTMLElement,
    on: {
      most: number;
      kept(): { page: DrawingPage; pixels: Uint8Array<ArrayBuffer>; size: number };
      back(page: DrawingPage): void;
      frame(pixels: Uint8Array<ArrayBuffer>): void;
      shown(on: boolean): void; // whether a walk is on screen
    },
  ): DrawingWalk;

  // quiz/
  quiz(element: HTMLElement, server: QuizServer): void;
  /** How many answers are right: the visitor's, and the judge's. */
  quizPoints(given: QuizAnswer[]): [number, number];
  /** What the end says; beat: the score of who sent these ten, if any. */
  quizSentence(given: QuizAnswer[], beat: number | null): string;
  /** What goes to a friend: the score, a square for each answer, the link. */
  quizResult(model: string, given: QuizAnswer[], link: string): string;

  // train/
  train(element: HTMLElement, server: TrainServer): Promise<void>;
  /** The tab on a page without a server, which learns points alone. menus: `train_form.menus(server=False)`. */
  trainAlone(element: HTMLElement, menus: TrainMenus): void;
  isLocalRun(run: string): boolean;
  /** Training in this browser; undefined where it cannot. Models and films are not made. */
  localTraining(menus: TrainMenus): LocalTraining | undefined;
  /** The server's functions, of which those of a local run go to where it trains. */
  trainingAnywhere(server: TrainServer, local: TrainServer | undefined): TrainServer;
  trainPlan(
    element: HTMLElement,
    server: TrainServer,
    about: TrainMenus,
    on: {
      problem(text: string): void;
      recovered(): void;
      sides(): Record<string, any>[] | null; // the settings of each side that trains
      change(side: number, settings: Record<string, any>): Promise<boolean>; // true if they were taken
      rendered(): void;
    },
  ): TrainPlan;
  trainRun(
    element: HTMLElement,
    server: TrainServer,
    on: Notifier & {
      followed(id: string | null, step?: boolean): void; // the address is to name that run, or none; as a step
      queued(place: number): void; // how many runs are before it; 0 once it trains
      serverless: boolean; // there is no server to make models and films
      settingsChanged(): void;
      planned(): DataKind;
      heldOut(dataset?: string): boolean; // whether training never sees the pictures shown of it; else of the plan's
      lesson(): TaughtLesson | null; // that is planned
    },
  ): TrainRun;
  trainExport(element: HTMLElement, server: TrainServer, run: TrainRun, on: Notifier): void;
  timeLine(
    element: HTMLElement,
    server: TrainServer,
    on: {
      run(): FollowedRun | null;
      show(run: FollowedRun, moment: Moment): void;
      problem(text: string): void;
      recovered(): void;
    },
  ): { draw(): void; render(): void };
  /** cure: called when the visitor chooses one. titles: of the sides of a duel. */
  alarmList(
    list: HTMLElement,
    cure: (side: number, cure: Cure) => void,
  ): { show(alarms: Alarm[], run: { training: boolean; titles: string[] | null }): void };
  /** Let a button show and hide the explanations in a box. */
  explainButton(button: HTMLElement, box: HTMLElement): void;
  runScreen(
    element: HTMLElement,
    on: { moment(): Moment | undefined; planned(): DataKind; heldOut(): boolean },
  ): RunScreen;
  /** The names of a duel's sides, as radio buttons take them. */
  SIDES: [value: string, text: string][];
  LAYERS: Record<DataKind, Record<string, string>>;
  stage(box: HTMLElement, title: string, hidden: Set<string>): Stage;
  drawPoints(
    canvas: HTMLCanvasElement,
    view: {
      backdrop: NumberArrays;
      arrays: NumberArrays;
      numbers: Measurements;
      hidden: Set<string>;
      ratio: number;
      colour: string; // of generated points: the name of a CSS custom property
    },
  ): void;
  /** How many points lie outside the picture: left, right, below, above. */
  outside(points: NumberArray): number[];
  /** Draw uint8 pictures (n, h, w, 1 or 3), the first `count` of them; `mark` may change each pixel. */
  drawTiles(
    canvas: HTMLCanvasElement,
    pictures: NumberArray,
    options: { count: number; columns: number; mark?: PixelMark },
  ): void;
  attentionMark(attention: Numbers): PixelMark;
  /** Draw rows of pictures, each beside its name; hidden: layers that are not drawn. */
  drawTranslations(box: HTMLElement, view: { backdrop: NumberArrays; arrays: NumberArrays; hidden: Set<string> }): void;
  /** How high those rows are, as a multiple of their width. */
  translationRows(view: { backdrop: NumberArrays; arrays: NumberArrays; hidden: Set<string> }): number;
  unpackArray(packed: PackedArray): NumberArray;
  unpackArrays(view: View): NumberArrays;
  READOUTS: Record<string, Readout>;
  /** large: the number that is shown elsewhere. */
  readouts(box: HTMLElement): { clear(): void; show(views: View[], backdrop: View, large?: string): void };
  /** The name of the number to watch: a lesson's, or the main one; undefined while there is none. */
  watched(run: Pick<FollowedRun, "curve" | "lesson">): string | undefined;
  /** main: the number that is drawn. numbers: the backdrop's. */
  drawCurve(
    canvas: HTMLCanvasElement,
    data: { curve: CurvePoint[]; main: string | undefined; alarms: Alarm[]; numbers?: Measurements },
  ): void;
  /** The game as a picture. show: how a run's steps are made. step: show one that was made, ms before the next one is. */
  game(box: HTMLElement): { show(settings: Record<string, any>): void; step(move: string, ms: number): void };
  /** What a lesson tells beside its run. cure: called when the visitor takes it. */
  story(
    box: HTMLElement,
    on: { cure(cure: Cure): void },
  ): { tell(lesson: TaughtLesson | null): void; render(run: FollowedRun | null): void };
  /** Cells on a side of a drawing. */
  INK_SIDE: number;
  isInk(name: string): boolean;
  /** The data set's name of a drawing: its bits in URL-safe base64. */
  encodeInk(cells: Uint8Array): string;
  decodeInk(name: string): Uint8Array<ArrayBuffer> | null;
  /** Draw a line three cells wide between two places, in cells. */
  inkLine(cells: Uint8Array, from: [number, number], to: [number, number]): void;
  ditherInk(darkness: Float32Array): Uint8Array<ArrayBuffer>;
  sketch(canvas: HTMLCanvasElement): {
    clear(): void;
    name(): string;
    load(name: string): void;
    loadPicture(file: File): Promise<void>;
  };
  /** The chosen files as they are to be sent, pictures made smaller, with what the visitor should know; or an error. */
  readUploads(
    files: File[],
    limits: UploadLimits,
    progress: (done: number, of: number) => void,
  ): Promise<
    | { uploads: Upload[]; summary: string; error?: undefined }
    | { error: string; uploads?: undefined; summary?: undefined }
  >;
  uploadSlot(element: HTMLElement, limits: UploadLimits, problem: (text: string) => void): UploadSlot;
  megabytes(bytes: number): string;
  /** A shared plan, or null for what is none. */
  parsePlan(text: string | null, about: TrainMenus, seed: Control): SharedPlan | null;
  settingField(setting: TrainSetting, value: any, changed: (part: Record<string, any>) => void): HTMLElement;

  // site/
  /** A translator's functions of a server, as far as this browser has them. drawn: waits for the weights. */
  siteTranslations(
    translators: Record<string, SiteTranslator>,
    drawn: <Wish, T>(draw: (request: Wish) => Promise<Reply<T>>) => (request: Wish) => Promise<Reply<T>>,
  ): Omit<TranslateServer, "locate" | "pack" | "progress">;
  /** Pictures (RGB) that go evenly from each of the keys to the next, and back to the first one. */
  blendFrames(keys: Uint8Array[], frames: number, loop: boolean): Uint8Array<ArrayBuffer>[];
  /** A model's name as a part of a file's. */
  fileName(model: string): string;

  // publish/
  openPublish(model: string): void;
  /**
   * Updates of Gradio for the Publish tab's list and message when it is shown: models of this browser tab, and `runs`;
   * a model that was asked for is chosen, with the message `ready`.
   */
  offerToPublish(runs: string[], ready: string): unknown[];
}

interface Window {
  latentLab: LatentLab;
}
