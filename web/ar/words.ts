/** What the page says, in both languages. */
export type Language = "en" | "zh";

const WORDS = {
  title: { en: "A cube behind your hand", zh: "手后面的方块" },
  intro: {
    en: "The camera's pictures go to the service, and each comes back with how far its pixels are, in the layout of WebXR's depth sensing. The cube is hidden by what is nearer. Drag it, and set how far away it is.",
    zh: "摄像头的画面送到服务，每幅带回各像素的远近，布局与 WebXR 深度感知相同。更近的东西会挡住方块。可以拖动方块，并设定它有多远。",
  },
  start: { en: "Start the camera", zh: "打开摄像头" },
  stop: { en: "Stop", zh: "停止" },
  far: { en: "How far", zh: "远近" },
  metres: { en: "Distances are in metres.", zh: "距离以米为单位。" },
  units: {
    en: "This model knows no metres: distances are in units of their own, 1 at the nearest and 10 at the farthest.",
    zh: "这个模型不知道米：距离是它自己的单位，最近为 1，最远为 10。",
  },
  noCamera: { en: "The camera cannot be used: allow it, and open the page over HTTPS or on this machine.", zh: "无法使用摄像头：请允许使用，并通过 HTTPS 或在本机打开此页。" },
  noGraphics: { en: "This browser has no WebGL 2.", zh: "这个浏览器没有 WebGL 2。" },
  lost: { en: "The stream to the service ended. Start again.", zh: "与服务的连接已结束，请重新开始。" },
  back: { en: "Back to depth of photos", zh: "回到照片的深度" },
  other: { en: "中文", zh: "English" },
} satisfies Record<string, Record<Language, string>>;

export type Key = keyof typeof WORDS;

export const usual = (): Language => (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

export const word = (key: Key, language: Language): string => WORDS[key][language];
