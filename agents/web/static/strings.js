/** What the page says, in English and Chinese. */

import { sentence } from "/static/dom.js";

const en = {
  skip: "Skip to the question",
  history: "Conversations",
  newChat: "New conversation",
  close: "Close",
  forgetAll: "Forget everything",
  forgetAllAsk: "Forget all your conversations, photos and memories? This can't be undone.",
  forgetAllYes: "Forget everything",
  forgotten: "Everything is forgotten.",
  deleteThread: (title) => `Delete “${title}”`,
  deleteAsk: (title) => `Delete “${title}” and its photos?`,
  deleteYes: "Delete",
  deleted: "The conversation is deleted.",
  cancel: "Cancel",
  signIn: "Sign in",
  signInTitle: "Sign in",
  signInWhy: "This page asks for a token. Whoever runs it can give you one.",
  token: "Token",
  tokenMissing: "Type the token first.",
  tokenWrong: "This token isn't the right one. Check it and try again.",
  tokenLater: "Too many attempts. Wait a minute and try again.",
  signOut: "Sign out",
  signedOut: "You have been signed out. Sign in again to go on.",
  noThreads: "Nothing asked yet.",
  untitled: "Photo",
  model: (name) => `Model: ${name}`,
  map: (name) => `Map of ${name}`,
  welcomeTitle: "Where do you want to go?",
  welcomeSign: "Take a photo of a sign and ask about it. The answer shows where it stands on your photo.",
  welcomeMap: "Ask for the way, or take a photo of the floor guide. You get the floor, the place on your photo, and the route.",
  examples: "Questions to begin with",
  examplesMap: ["Where do I go for ENT?", "How do I get to the pharmacy without stairs?", "My ear hurts. Where should I go?", "Where is the nearest toilet?"],
  examplesSign: ["Which floor is ENT on?", "What does this sign say?", "Where is the pharmacy?"],
  safety: "This guide finds departments. It gives no medical advice. In an emergency, go to the emergency department or call the local emergency number.",
  conversation: "Conversation",
  ask: "Ask",
  photos: "Photos",
  takePhoto: "Take a photo",
  choosePhoto: "Add a photo",
  question: "Your question",
  placeholder: "Your question…",
  send: "Send",
  stop: "Stop",
  dropHere: "Drop photos here",
  removePhoto: (name) => `Remove ${name}`,
  photo: (n) => `Photo ${n}`,
  yourPhoto: (name) => `Your photo ${name}`,
  noQuestion: "Type a question first.",
  notImage: (name) => `“${name}” is no picture. Add a photo, such as a JPEG or PNG.`,
  tooLarge: (name, mb) => `“${name}” is larger than ${mb} MB. Add a smaller one.`,
  empty: (name) => `“${name}” is empty. Choose it again.`,
  tooMany: (most) => most === 1 ? "Only one photo at a time." : `At most ${most} photos at a time.`,
  added: (name) => `${name} added`,
  removed: (name) => `${name} removed`,
  sending: "Sending…",
  offline: "There is no connection. Check it, then send again.",
  serverFailed: "The server has a problem. Try again in a moment.",
  lost: "Connection lost. Trying again…",
  back: "Connected again.",
  gone: "This conversation isn't there any more.",
  queue: (n) => n < 1 ? "You are next." : n === 1 ? "1 person is before you." : `${n} people are before you.`,
  thinking: "Looking…",
  waiting: "This needs your word first.",
  stopped: "Stopped.",
  interrupted: "The server was stopped before there was an answer.",
  failed: "This could not be answered.",
  askAgain: "Ask again",
  answer: "Answer",
  answerReady: "The answer is there.",
  pendingTitle: (n) => n === 1 ? "May this be done?" : `May these ${n} be done?`,
  allow: "Allow",
  deny: "Don't allow",
  allowed: "Allowed",
  denied: "Not allowed",
  decided: "Your word was passed on.",
  details: "Details",
  places: (n) => n === 1 ? "Place on the photo" : "Places on the photo",
  showOnPhoto: "Show on the photo",
  closer: "Look closer",
  larger: (name) => `Enlarge: ${name}`,
  picture: "Picture",
  zoomIn: "Larger",
  zoomOut: "Smaller",
  place: "Place",
  floor: "Floor",
  route: "Route",
  fromTo: (from, to) => `From ${from} to ${to}`,
  metres: (m) => `${m} m`,
  stepFree: "Step-free",
  routePicture: "The route on the plan",
  madePicture: "Picture",
  onFloor: (floor) => `on ${floor}`,
  how: (n) => n === 1 ? "How it was found: 1 step" : `How it was found: ${n} steps`,
  running: "running",
  notDone: "not done",
  done: "done",
  errors: {},
  tools: {
    read_text: "Read the text", find_on_sign: "Searched the sign", zoom: "Looked closer",
    look_again: "Looked again", find_place: "Looked on the map", route: "Found the way",
    compare_sign_with_map: "Compared sign and map", translate: "Translated",
    phrase_card: "Made a phrase card", calculate: "Calculated", remember: "Remembered",
    recall: "Remembered earlier talks", forget: "Forgot",
  },
  days: { Mo: "Mon", Tu: "Tue", We: "Wed", Th: "Thu", Fr: "Fri", Sa: "Sat", Su: "Sun", PH: "holidays" },
  always: "Open day and night",
  dayRange: "–",
  hoursClosed: "closed",
  justNow: "just now",
  other: "中文",
};

const zh = {
  skip: "跳到提问处",
  history: "对话记录",
  newChat: "新对话",
  close: "关闭",
  forgetAll: "清除全部记录",
  forgetAllAsk: "要清除您的全部对话、照片和记忆吗？清除后无法恢复。",
  forgetAllYes: "全部清除",
  forgotten: "已全部清除。",
  deleteThread: (title) => `删除“${title}”`,
  deleteAsk: (title) => `要删除“${title}”及其照片吗？`,
  deleteYes: "删除",
  deleted: "对话已删除。",
  cancel: "取消",
  signIn: "登录",
  signInTitle: "登录",
  signInWhy: "使用本页面需要口令，请向管理员索取。",
  token: "口令",
  tokenMissing: "请先输入口令。",
  tokenWrong: "口令不正确，请检查后重试。",
  tokenLater: "尝试次数过多，请稍等一分钟再试。",
  signOut: "退出登录",
  signedOut: "您已退出登录，请重新登录。",
  noThreads: "还没有提问。",
  untitled: "照片",
  model: (name) => `模型：${name}`,
  map: (name) => `地图：${name}`,
  welcomeTitle: "您想去哪里？",
  welcomeSign: "拍一张标识牌的照片并提问，答案会在照片上标出位置。",
  welcomeMap: "直接问路，或拍一张楼层指引。您会看到所在楼层、照片上的位置和路线。",
  examples: "可以这样问",
  examplesMap: ["耳鼻喉科怎么走？", "去药房怎么走，不走楼梯？", "我耳朵疼，应该去哪里？", "最近的卫生间在哪里？"],
  examplesSign: ["耳鼻喉科在几楼？", "这块牌子上写了什么？", "药房在哪里？"],
  safety: "本向导只帮您找科室，不提供医疗建议。紧急情况请立即前往急诊科，或拨打当地急救电话。",
  conversation: "对话",
  ask: "提问",
  photos: "照片",
  takePhoto: "拍照",
  choosePhoto: "添加照片",
  question: "您的问题",
  placeholder: "输入您的问题…",
  send: "发送",
  stop: "停止",
  dropHere: "把照片拖放到这里",
  removePhoto: (name) => `移除 ${name}`,
  photo: (n) => `照片 ${n}`,
  yourPhoto: (name) => `您的照片 ${name}`,
  noQuestion: "请先输入问题。",
  notImage: (name) => `“${name}”不是图片，请添加 JPEG 或 PNG 等照片。`,
  tooLarge: (name, mb) => `“${name}”超过 ${mb} MB，请换一张小一点的。`,
  empty: (name) => `“${name}”是空文件，请重新选择。`,
  tooMany: (most) => `一次最多 ${most} 张照片。`,
  added: (name) => `已添加 ${name}`,
  removed: (name) => `已移除 ${name}`,
  sending: "正在发送…",
  offline: "没有网络连接，请检查后重新发送。",
  serverFailed: "服务器出现问题，请稍后再试。",
  lost: "连接已断开，正在重试…",
  back: "已重新连接。",
  gone: "这个对话已不存在。",
  queue: (n) => n < 1 ? "马上轮到您。" : `前面还有 ${n} 人。`,
  thinking: "正在查看…",
  waiting: "需要您先同意。",
  stopped: "已停止。",
  interrupted: "服务器曾停止运行，这个问题还没有回答。",
  failed: "无法回答这个问题。",
  askAgain: "重新提问",
  answer: "回答",
  answerReady: "回答好了。",
  pendingTitle: (n) => n === 1 ? "允许执行吗？" : `允许执行这 ${n} 项吗？`,
  allow: "允许",
  deny: "不允许",
  allowed: "已允许",
  denied: "未允许",
  decided: "已转达您的决定。",
  details: "详情",
  places: () => "照片上的位置",
  showOnPhoto: "在照片上显示",
  closer: "放大查看",
  larger: (name) => `放大：${name}`,
  picture: "图片",
  zoomIn: "放大",
  zoomOut: "缩小",
  place: "位置",
  floor: "楼层",
  route: "路线",
  fromTo: (from, to) => `从${from}到${to}`,
  metres: (m) => `${m} 米`,
  stepFree: "无障碍",
  routePicture: "平面图上的路线",
  madePicture: "图片",
  onFloor: (floor) => `${floor}`,
  how: (n) => `查找过程：${n} 步`,
  running: "进行中",
  notDone: "未完成",
  done: "完成",
  // What the server says of a failure; its own line is English.
  errors: {
    picture: ({ about }) => `无法读取“${about}”。请换一张照片（JPEG、PNG、WebP、HEIC 或 PDF，且不要太大）。`,
    empty: ({ about }) => `“${about}”是空文件，请重新选择。`,
    pictures: () => "一次发送的照片太多，请减少几张。",
    large: () => "照片太大了，请发送较小或较少的照片。",
    slow: () => "上传时间太长，请换小一些的照片再试。",
    long: () => "问题太长了，请写短一些。",
    question: () => "请先输入问题。",
    yours: () => "您还有问题在等待回答，请稍后再问。",
    crowded: () => "现在提问的人太多，请一分钟后再试。",
    busy: () => "这个对话还在回答您上一个问题，请等待回答，或先停止。",
    undecided: () => "这个对话在等您决定是否允许操作。",
    gone: () => "这个对话已经不在了。",
    streams: () => "打开的页面太多，请关闭几个。",
  },
  tools: {
    read_text: "读取文字", find_on_sign: "查找标识牌", zoom: "放大查看", look_again: "再看一遍",
    find_place: "查地图", route: "找路线", compare_sign_with_map: "对照标识牌与地图",
    translate: "翻译", phrase_card: "制作会话卡", calculate: "计算", remember: "记住",
    recall: "回想以前的对话", forget: "忘记",
  },
  days: { Mo: "周一", Tu: "周二", We: "周三", Th: "周四", Fr: "周五", Sa: "周六", Su: "周日", PH: "节假日" },
  always: "全天开放",
  dayRange: "至",
  hoursClosed: "不开放",
  justNow: "刚刚",
  other: "English",
};

/** The texts by language. */
export const TABLES = { en, zh };
const KEPT = "deixis-language";
let chosen = first();

function first() {
  let kept = null;
  try { kept = localStorage.getItem(KEPT); } catch { /* kept nowhere then */ }
  if (kept in TABLES) return kept;
  return (navigator.languages ?? [navigator.language]).some((tag) => /^zh\b/i.test(tag))
    && !/^en\b/i.test(navigator.language) ? "zh" : "en";
}

/** The language of the page: `en` or `zh`. */
export function language() {
  return chosen;
}

/** Changes the language of the page, and keeps it for the next visit. */
export function setLanguage(to) {
  chosen = to in TABLES ? to : "en";
  try { localStorage.setItem(KEPT, chosen); } catch { /* for this visit only */ }
}

/** A text in the page's language. */
export function t(key, ...values) {
  const text = TABLES[chosen][key];
  return typeof text === "function" ? text(...values) : text;
}

/** The name of a building in the page's language, out of its names by language. */
export function nameIn(names) {
  const tags = Object.keys(names ?? {});
  const own = tags.find((tag) => tag.split("-")[0] === language());
  const tag = own ?? tags.find((other) => other.split("-")[0] === "en") ?? tags[0];
  return tag ? names[tag] : "";
}

/** Puts the texts into the page's own markup. */
export function applyStrings(root) {
  document.documentElement.lang = chosen === "zh" ? "zh-Hans" : "en";
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-placeholder]")) {
    node.placeholder = t(node.dataset.tPlaceholder);
  }
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.tLabel);
  }
}

/** Opening hours in OpenStreetMap's notation, in words as far as they are of the simple kind. */
export function hours(written) {
  if (written.trim() === "24/7") return t("always");
  const day = "(Mo|Tu|We|Th|Fr|Sa|Su|PH)";
  return written
    .replace(new RegExp(`\\b${day}\\s*-\\s*${day}\\b`, "g"), (_, a, b) => `${t("days")[a]}${t("dayRange")}${t("days")[b]}`)
    .replace(new RegExp(`\\b${day}\\b`, "g"), (name) => t("days")[name])
    .replace(/\b(off|closed)\b/g, t("hoursClosed"))
    .replace(/(\d\d:\d\d)\s*-\s*(\d\d:\d\d)/g, "$1–$2")
    .replace(/\s*([,;])\s*/g, "$1 ");
}

/** A moment in words, such as "5 minutes ago"; takes seconds since 1970 or an ISO time. */
export function ago(moment) {
  const then = typeof moment === "number" ? moment * 1000 : Date.parse(moment);
  if (Number.isNaN(then)) return "";
  const seconds = Math.round((then - Date.now()) / 1000);
  if (Math.abs(seconds) < 60) return t("justNow");
  const words = new Intl.RelativeTimeFormat(chosen, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return t("justNow");
}

/** Why a request failed, in a sentence: the server's own words where the page has none. */
export function reason(error) {
  const own = t("errors")[error.code];
  if (own) return own(error);
  if (error.line) return error.code ? error.line : sentence(error.line);
  return error.status === 0 ? t("offline") : t("serverFailed");
}

/** The language of that, where it isn't the page's: the server's own words are English. */
export function reasonLanguage(error) {
  return error.line && !t("errors")[error.code] ? "en" : null;
}
