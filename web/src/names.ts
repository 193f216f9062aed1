/** What effects, formats and their options are called. A name that is not here is shown as the service gives it. */
import { type Language, language } from "./language";

type Names = Record<string, string>;

const EFFECTS: Record<Language, Names> = {
  en: {
    bokeh: "Blur",
    cutout: "Cut-out",
    relight: "Lamp",
    fog: "Fog",
    tint: "Warm and cold",
    "depth-slices": "Slices",
    edges: "Outlines",
    overlay: "Overlay",
    "side-by-side": "Side by side",
    heatmap: "Heat map",
    normals: "Normals",
    anaglyph: "Anaglyph",
    stereo: "Stereo pair",
    wiggle: "Wiggle",
    parallax: "Camera move",
    autostereogram: "Magic eye",
    occlude: "Put a thing in",
  },
  zh: {
    bokeh: "背景虚化",
    cutout: "抠图",
    relight: "打光",
    fog: "雾",
    tint: "冷暖色调",
    "depth-slices": "深度分层",
    edges: "轮廓线",
    overlay: "叠加",
    "side-by-side": "并排",
    heatmap: "热力图",
    normals: "法线图",
    anaglyph: "红蓝立体",
    stereo: "立体图对",
    wiggle: "摇摆动图",
    parallax: "镜头运动",
    autostereogram: "魔眼立体图",
    occlude: "放入物体",
  },
};

const FORMATS: Record<Language, Names> = {
  en: {
    glb: "3D mesh",
    ply: "Point cloud",
    obj: "3D mesh as text",
    png16: "16-bit PNG",
    tiff: "TIFF",
    exr: "OpenEXR",
    npy: "NumPy array",
    npz: "NumPy archive",
    pfm: "Float map",
    sidecar: "Description",
    gdepth: "Photo with depth",
    "dynamic-depth": "Photo with depth behind it",
    ora: "Layers (OpenRaster)",
  },
  zh: {
    png16: "16 位 PNG",
    npy: "NumPy 数组",
    npz: "NumPy 归档",
    tiff: "TIFF",
    exr: "OpenEXR",
    pfm: "浮点图",
    glb: "三维网格",
    obj: "三维网格（文本）",
    ply: "点云",
    sidecar: "说明文件",
    gdepth: "带深度的照片",
    "dynamic-depth": "深度附在照片之后",
    ora: "图层（OpenRaster）",
  },
};

/** One line of what it does; in English the service says it. */
const SUMMARIES: Names = {
  bokeh: "虚化背景，遮挡关系与真实镜头一致。",
  cutout: "只保留前景，或换一个背景。",
  relight: "一盏可以移动的灯。",
  fog: "越远越浓的雾。",
  tint: "近处偏暖，远处偏冷。",
  "depth-slices": "按远近分层，着色或只显示一层。",
  edges: "在深度突变处画线。",
  overlay: "把热力图叠加在照片上。",
  "side-by-side": "照片与热力图并排。",
  heatmap: "用颜色表示远近，暖色为近。",
  normals: "用颜色表示表面朝向。",
  anaglyph: "配合红蓝眼镜观看的一张图。",
  stereo: "左右两眼各一幅图。",
  wiggle: "围绕画面来回摆动的循环动图。",
  parallax: "镜头移动的短视频。",
  autostereogram: "藏着景物的随机点图。",
  occlude: "把物体放进照片，由更近的景物遮挡。",
  glb: "带纹理的网格，二进制 glTF 2.0。",
  ply: "带颜色和法线的点云，二进制。",
  obj: "带颜色的网格，Wavefront 文本。",
  png16: "16 位灰度 PNG，附比例和偏移。",
  tiff: "单通道 float32 TIFF。",
  exr: "OpenEXR，Z 通道，float32。",
  npy: "float32 数组。",
  npz: "包含所有字段的 NumPy 归档。",
  pfm: "浮点图（Portable float map）。",
  sidecar: "只有说明，没有数值。",
  gdepth: "照片 JPEG，深度写入其中（GDepth）。",
  "dynamic-depth": "照片 JPEG，深度附在其后（Dynamic Depth）。",
  ora: "供 GIMP 和 Krita 使用的图层：OpenRaster。",
};

const OPTIONS: Record<Language, Names> = {
  en: { distance_m: "Distance (m)", tall_m: "Height (m)", glb: "Mesh (GLB)", tall: "Height", seen: "Words seen", fov: "Field of view", fps: "Frames a second", refine: "Sharpen edges", nearest: "Share kept" },
  zh: {
    ambient: "环境光",
    amount: "幅度",
    anchor: "对齐部位",
    background: "背景",
    bits: "位数",
    channel: "通道",
    colormap: "配色",
    colour: "颜色",
    colours: "彩色",
    convention: "约定",
    count: "层数",
    crop: "裁掉边缘",
    cross: "交叉眼观看",
    density: "浓度",
    distance_m: "距离（米）",
    depth_of_field: "景深",
    dot: "点的大小",
    edge: "断开阈值",
    equal: "像素数相等",
    faces: "最多面数",
    far: "远处",
    fast: "快速",
    focus: "焦点",
    focus_range: "清晰范围",
    format: "格式",
    fov: "视场角",
    fps: "每秒帧数",
    frames: "帧数",
    gap: "间隔",
    glb: "三维模型",
    half: "半宽",
    haze_photo: "雾盖住照片",
    haze_colour: "雾的颜色",
    haze: "雾的浓度",
    height: "灯的高度",
    highlights: "高光",
    ink: "文字颜色",
    layout: "排列",
    lean: "前倾角",
    light: "灯的位置",
    mask: "蒙版",
    method: "方法",
    near: "近处",
    nearest: "保留比例",
    nearness: "远近",
    noise: "噪声",
    opacity: "不透明度",
    path: "路径",
    period: "图案宽度",
    picture: "背景图片",
    place: "位置",
    plane: "屏幕平面",
    points: "最多点数",
    quality: "质量",
    range: "范围",
    refine: "细化边缘",
    relief: "起伏",
    seed: "随机种子",
    seen: "文字露出的比例",
    separation: "视差",
    shadow: "阴影",
    shade: "受光比例",
    shape: "光圈形状",
    show: "只显示第几层",
    size: "尺寸",
    smooth: "平滑",
    softness: "边缘柔和",
    stand: "所在之处",
    start: "起点",
    strength: "强度",
    text: "文字",
    tall_m: "高度（米）",
    tall: "高度",
    sun: "光的来向",
    texture: "纹理尺寸",
    thing: "物体图片",
    threshold: "阈值",
    views: "视图",
    turn: "转角",
    width: "线宽",
  },
};

/** The same in every language. */
const FIXED: Names = {
  directx: "DirectX",
  gif: "GIF",
  mp4: "MP4",
  opengl: "OpenGL",
  webm: "WebM",
  webp: "WebP",
};

const CHOICES: Record<Language, Names> = {
  en: { clear: "Transparent", image: "This picture", percentile: "2nd to 98th percentile" },
  zh: {
    above: "上",
    anaglyph: "红蓝",
    anamorphic: "变形宽银幕",
    below: "下",
    between: "主体与背景之间",
    black: "黑色",
    blur: "模糊",
    clear: "透明",
    colour: "彩色",
    cross: "交叉",
    disc: "圆形",
    dolly: "推拉",
    foot: "底部",
    grey: "灰色",
    hexagon: "六边形",
    image: "本图全部",
    left: "左",
    middle: "中心",
    one: "一个",
    orbit: "环绕",
    parallel: "平行",
    percentile: "第 2 到 98 百分位",
    photo: "照片",
    right: "右",
    surface: "该处表面",
    swing: "摆动",
    white: "白色",
    zoom: "变焦",
  },
};

/** What the words in titles of models mean; the rest are names. Longer ones first. */
const TITLE_WORDS: readonly (readonly [string, string])[] = [
  ["embedded, first version", "内置，第一版"],
  ["embedded, finer", "内置，更精细"],
  ["Metric Outdoor", "米制·室外"],
  ["Metric Indoor", "米制·室内"],
  ["rooms and streets", "室内与街道"],
  ["embedded", "内置"],
  ["streets", "街道"],
  ["Metric", "米制"],
  ["Prompt", "提示"],
  ["Hybrid", "混合"],
  ["rooms", "室内"],
  ["Giant", "超大型"],
  ["Large", "大型"],
  ["large", "大型"],
  ["Small", "小型"],
  ["small", "小型"],
  ["Mono", "单目"],
  ["Base", "中型"],
  ["and", "与"],
];

/** The order in which effects and formats are offered; others follow. */
const ORDER = [...Object.keys(EFFECTS.en), ...Object.keys(FORMATS.en)];

export const effectName = (to: Language, name: string): string => EFFECTS[to][name] ?? plain(name);
export const formatName = (to: Language, name: string): string => FORMATS[to][name] ?? name.toUpperCase();
export const optionName = (to: Language, name: string): string => OPTIONS[to][name] ?? plain(name);
export const choiceName = (to: Language, name: string): string => CHOICES[to][name] ?? FIXED[name] ?? plain(name);

/** A model's title: names stay, words are said in Chinese where that is spoken. */
export function modelTitle(to: Language, title: string): string {
  if (to === "en") return title;
  return TITLE_WORDS.reduce((now, [word, own]) => now.replace(new RegExp(`(?<![A-Za-z])${word}(?![A-Za-z3])`, "g"), own), title);
}

/** Write what an effect or a format does: in Chinese as it stands here, else in the service's English. */
export function showSummary(element: HTMLElement, plugin: { readonly name: string; readonly summary: string }): void {
  const own = language() === "zh" ? SUMMARIES[plugin.name] : undefined;
  element.textContent = own ?? `${plugin.summary}.`;
  if (own) element.removeAttribute("lang");
  else element.lang = "en";
}

export function inOrder<T extends { readonly name: string }>(plugins: readonly T[]): T[] {
  const place = ({ name }: T): number => (ORDER.indexOf(name) + 1 || ORDER.length + 1);
  return [...plugins].sort((a, b) => place(a) - place(b));
}

function plain(name: string): string {
  const words = name.replace(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
