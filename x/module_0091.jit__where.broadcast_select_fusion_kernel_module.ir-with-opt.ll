; ModuleID = '__compute_module_broadcast_select_fusion_kernel_module'
source_filename = "__compute_module_broadcast_select_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @broadcast_select_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 48
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !13)
  %8 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %9 = load ptr, ptr %8, align 8, !invariant.load !3, !dereferenceable !15
  %10 = load float, ptr %9, align 4, !invariant.load !3, !alias.scope !11, !noalias !16
  %broadcast.splatinsert = insertelement <8 x float> poison, float %10, i64 0
  %broadcast.splat = shufflevector <8 x float> %broadcast.splatinsert, <8 x float> poison, <8 x i32> zeroinitializer
  %11 = getelementptr inbounds nuw i8, ptr %3, i64 8
  %12 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %13 = getelementptr inbounds nuw i8, ptr %3, i64 24
  %wide.load = load <8 x i8>, ptr %3, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load1 = load <8 x i8>, ptr %11, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load2 = load <8 x i8>, ptr %12, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load3 = load <8 x i8>, ptr %13, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %14 = getelementptr inbounds nuw i8, ptr %5, i64 32
  %15 = getelementptr inbounds nuw i8, ptr %5, i64 64
  %16 = getelementptr inbounds nuw i8, ptr %5, i64 96
  %wide.load4 = load <8 x float>, ptr %5, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load5 = load <8 x float>, ptr %14, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load6 = load <8 x float>, ptr %15, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load7 = load <8 x float>, ptr %16, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %17 = trunc <8 x i8> %wide.load to <8 x i1>
  %18 = trunc <8 x i8> %wide.load1 to <8 x i1>
  %19 = trunc <8 x i8> %wide.load2 to <8 x i1>
  %20 = trunc <8 x i8> %wide.load3 to <8 x i1>
  %21 = select <8 x i1> %17, <8 x float> %wide.load4, <8 x float> %broadcast.splat
  %22 = select <8 x i1> %18, <8 x float> %wide.load5, <8 x float> %broadcast.splat
  %23 = select <8 x i1> %19, <8 x float> %wide.load6, <8 x float> %broadcast.splat
  %24 = select <8 x i1> %20, <8 x float> %wide.load7, <8 x float> %broadcast.splat
  %25 = getelementptr inbounds nuw i8, ptr %7, i64 32
  %26 = getelementptr inbounds nuw i8, ptr %7, i64 64
  %27 = getelementptr inbounds nuw i8, ptr %7, i64 96
  store <8 x float> %21, ptr %7, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %22, ptr %25, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %23, ptr %26, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %24, ptr %27, align 4, !alias.scope !13, !noalias !19
  %28 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %29 = getelementptr inbounds nuw i8, ptr %3, i64 40
  %30 = getelementptr inbounds nuw i8, ptr %3, i64 48
  %31 = getelementptr inbounds nuw i8, ptr %3, i64 56
  %wide.load.1 = load <8 x i8>, ptr %28, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load1.1 = load <8 x i8>, ptr %29, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load2.1 = load <8 x i8>, ptr %30, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load3.1 = load <8 x i8>, ptr %31, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %32 = getelementptr inbounds nuw i8, ptr %5, i64 128
  %33 = getelementptr inbounds nuw i8, ptr %5, i64 160
  %34 = getelementptr inbounds nuw i8, ptr %5, i64 192
  %35 = getelementptr inbounds nuw i8, ptr %5, i64 224
  %wide.load4.1 = load <8 x float>, ptr %32, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load5.1 = load <8 x float>, ptr %33, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load6.1 = load <8 x float>, ptr %34, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load7.1 = load <8 x float>, ptr %35, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %36 = trunc <8 x i8> %wide.load.1 to <8 x i1>
  %37 = trunc <8 x i8> %wide.load1.1 to <8 x i1>
  %38 = trunc <8 x i8> %wide.load2.1 to <8 x i1>
  %39 = trunc <8 x i8> %wide.load3.1 to <8 x i1>
  %40 = select <8 x i1> %36, <8 x float> %wide.load4.1, <8 x float> %broadcast.splat
  %41 = select <8 x i1> %37, <8 x float> %wide.load5.1, <8 x float> %broadcast.splat
  %42 = select <8 x i1> %38, <8 x float> %wide.load6.1, <8 x float> %broadcast.splat
  %43 = select <8 x i1> %39, <8 x float> %wide.load7.1, <8 x float> %broadcast.splat
  %44 = getelementptr inbounds nuw i8, ptr %7, i64 128
  %45 = getelementptr inbounds nuw i8, ptr %7, i64 160
  %46 = getelementptr inbounds nuw i8, ptr %7, i64 192
  %47 = getelementptr inbounds nuw i8, ptr %7, i64 224
  store <8 x float> %40, ptr %44, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %41, ptr %45, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %42, ptr %46, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %43, ptr %47, align 4, !alias.scope !13, !noalias !19
  %broadcast.splatinsert8 = insertelement <8 x float> poison, float %10, i64 0
  %broadcast.splat9 = shufflevector <8 x float> %broadcast.splatinsert8, <8 x float> poison, <8 x i32> zeroinitializer
  %48 = getelementptr inbounds nuw i8, ptr %3, i64 64
  %wide.load11 = load <8 x i8>, ptr %48, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %49 = getelementptr inbounds nuw i8, ptr %5, i64 256
  %wide.load12 = load <8 x float>, ptr %49, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %50 = trunc <8 x i8> %wide.load11 to <8 x i1>
  %51 = select <8 x i1> %50, <8 x float> %wide.load12, <8 x float> %broadcast.splat9
  %52 = getelementptr inbounds nuw i8, ptr %7, i64 256
  store <8 x float> %51, ptr %52, align 4, !alias.scope !13, !noalias !19
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 72}
!5 = !{i64 288}
!6 = !{!7}
!7 = distinct !{!7, !8, !"broadcast_select_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"broadcast_select_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"broadcast_select_fusion_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"broadcast_select_fusion_wrapped: argument 2"}
!13 = !{!14}
!14 = distinct !{!14, !8, !"broadcast_select_fusion_wrapped: argument 3"}
!15 = !{i64 4}
!16 = !{!7, !10, !14}
!17 = !{!10, !12, !14}
!18 = !{!7, !12, !14}
!19 = !{!7, !10, !12}
